"""Money whose tags lead nowhere, or to somebody else: what is wrong with which ad.

What the tags are belongs to `ad_utms.py`, whose the spend is to `campaigns.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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
MOST_SLIPS = 2


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
    elif near := _near(source, known_sources(facts)):
        yield "misspelt_source", near
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
    """Return the one known source that this may have been meant to be."""
    alike = [
        name
        for name in known
        if 0 < (slips := _slips(source, name)) <= MOST_SLIPS
        and slips * 2 < min(len(source), len(name))
    ]
    return alike[0] if len(alike) == 1 else None


@cache
def _slips(one: str, other: str) -> int:
    """Count letters added, lost, changed, or swapped with their neighbour."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return _slips(one[1:], other[1:])
    ways = [
        _slips(one[1:], other),
        _slips(one, other[1:]),
        _slips(one[1:], other[1:]),
    ]
    if one[:2] == other[1::-1]:
        ways.append(_slips(one[2:], other[2:]))
    return 1 + min(ways)
