"""Money whose tags lead nowhere, or to somebody else: what is wrong with which ad.

What the tags are belongs to `ad_utms.py`, whose the spend is to `campaigns.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.sandbox.answers.ad_accounts import is_recent
from pipelines.sandbox.answers.ad_utms import WILDCARD, AdTags
from pipelines.sandbox.answers.coverage import accounts
from pipelines.sandbox.answers.mapping import resolve
from pipelines.sandbox.answers.normalise import UtmSet, utm_value
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.rules import (
    GENERIC_SOURCES,
    ORGANIC_SOURCES,
    OWN_CHANNELS,
    UNATTRIBUTED_KEY,
)
from pipelines.sandbox.answers.statistics import added_up
from pipelines.sandbox.story.world import World

MartRow = dict[str, Any]


def utm_hygiene(
    world: World,
    facts: Ownership,
    tags: Mapping[str, list[AdTags]],
    spend: Iterable[MartRow],
) -> list[MartRow]:
    """Return one row per ad that spent of late and thing that is wrong with it."""
    known = accounts(world)
    recent: dict[str, list[MartRow]] = defaultdict(list)
    for row in spend:
        today = known[row["ad_account_id"]].today
        if row["ad_id"] and is_recent(row["stat_date"], today):
            recent[row["ad_id"]].append(row)
    return [
        row
        for ad_id, days in recent.items()
        if any(day["spend_usd"] != 0 for day in days)
        for row in _issues_of(facts, ad_id, tags.get(ad_id, []), days)
    ]


def _issues_of(
    facts: Ownership, ad_id: str, sets: list[AdTags], days: list[MartRow]
) -> Iterator[MartRow]:
    last = max(
        (day for day in days if day["spend_usd"] != 0), key=lambda day: day["stat_date"]
    )
    found: dict[str, tuple[str | None, str | None]] = {}
    for one in sets:
        for issue, suggestion in _wrong(facts, one, last["team_id"]):
            found.setdefault(issue, (one.written.place, suggestion))
    if not sets:
        found["no_utm"] = (None, None)
    if len(sets) > 1:
        found["ambiguous_utm"] = (sets[0].written.place, None)
    for issue, (place, suggestion) in found.items():
        yield {
            "ad_id": ad_id,
            "issue": issue,
            "ad_account_id": last["ad_account_id"],
            "campaign_id": last["campaign_id"],
            "team_name": last["team_name"],
            "team_id": last["team_id"],
            "spend_usd": added_up(day["spend_usd"] for day in days),
            "spend_kzt": added_up(day["spend_kzt"] for day in days),
            "last_spend_date": last["stat_date"],
            "place": place,
            "suggestion": suggestion,
        }


def _wrong(
    facts: Ownership, one: AdTags, team_id: str
) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with one set, and what may have been meant."""
    if one.written.has_duplicates:
        yield "duplicate_parameter", None
    if one.written.has_blanks:
        yield "blank_value", None
    if one.has_broken_macro:
        yield "broken_macro", None
    source = one.values["utm_source"]
    if source.value:
        yield from _wrong_source(facts, one, source.value, team_id)
    elif source.kind == WILDCARD:
        yield "generic_source", None
    elif source.kind is None:
        yield "no_source", None


def _wrong_source(
    facts: Ownership, one: AdTags, source: str, team_id: str
) -> Iterator[tuple[str, str | None]]:
    names = {name.removeprefix("utm_"): v.value for name, v in one.values.items()}
    tags = UtmSet(source, names["medium"], names["campaign"])
    match = resolve(facts, tags, None)
    if match.team:
        if facts.people.named(match.team).team_id != team_id:
            yield "foreign_source", None
    elif match.is_ambiguous or source in shared_sources(facts):
        yield "shared_tag", None
    elif source in GENERIC_SOURCES:
        yield "generic_source", None
    elif near := [
        name for name in sorted(known_sources(facts)) if _is_near(source, name)
    ]:
        yield "misspelt_source", near[0]
    elif source not in OWN_CHANNELS | ORGANIC_SOURCES:
        yield "unknown_source", None


def known_sources(facts: Ownership) -> set[str]:
    """Return every source that names a team: mapped, personal or by convention."""
    mapped = {row.source for row in facts.utm_map if row.source} - GENERIC_SOURCES
    teams = {f"fb_{key}" for key in facts.people.teams if key != UNATTRIBUTED_KEY}
    return mapped | set(facts.personal_sources) | teams


def shared_sources(facts: Ownership) -> set[str]:
    """Return the personal sources that two users hold, so that they name nobody."""
    holders: dict[str, set[str]] = defaultdict(set)
    for user_id, user in facts.people.users.items():
        if value := utm_value(user.get("utm_source"))[0]:
            holders[value].add(user_id)
    for user_id, settings in facts.people.settings.items():
        if value := utm_value(settings.get("assigned_utm_source"))[0]:
            holders[value].add(user_id)
    return {value for value, users in holders.items() if len(users) > 1}


def _near(source: str, known: Iterable[str]) -> str | None:
    return next((name for name in sorted(known) if _is_near(source, name)), None)


def _is_near(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter: added, lost, changed or swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    left, right = one[start:], other[start:]
    is_swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or is_swapped
