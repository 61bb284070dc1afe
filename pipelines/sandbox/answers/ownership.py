"""Who owns what: UTM values, campaigns and ad accounts, each with its team.

On an empty warehouse the first known owner of a key owns its past, so what the
sources hold now is what held on every day. How owners decide is not said here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.sandbox.answers.normalise import utm_value
from pipelines.sandbox.answers.people import (
    People,
    from_both,
    newest_teams,
    people,
    team_name,
)
from pipelines.sandbox.answers.reading import (
    first_text,
    flag,
    listing,
    mapping,
    rows,
    text,
)
from pipelines.sandbox.answers.rules import GENERIC_MEDIUMS, GENERIC_SOURCES
from pipelines.sandbox.story.world import Row, World

SWITCHED_TABLES = ("traffic_user_utm_sources",)
ACCOUNT_TABLES = ("traffic_teams", "integration_ad_accounts", *SWITCHED_TABLES)


@dataclass(frozen=True)
class Owner:
    """A user and the user's team, either of which may be missing."""

    user_id: str | None
    team: str | None


@dataclass(frozen=True)
class MapRow:
    """One active row of the UTM map, normalised."""

    source: str | None
    medium: str | None
    funnel: str | None
    campaigns: tuple[str, ...]
    owner: Owner


@dataclass(frozen=True)
class Ownership:
    """Every ownership fact there is."""

    people: People
    utm_map: tuple[MapRow, ...]
    personal_sources: dict[str, Owner]
    personal_mediums: dict[str, Owner]
    tracked_campaigns: dict[str, list[Owner]]
    account_levels: tuple[dict[str, set[str]], ...]
    listed_accounts: frozenset[str]


def ownership(world: World, configured_accounts: Iterable[str] = ()) -> Ownership:
    """Read all ownership facts."""
    known = people(world)
    return Ownership(
        people=known,
        utm_map=tuple(_utm_map(world, known)),
        personal_sources=_held_by_one(_personal_sources(known), GENERIC_SOURCES),
        personal_mediums=_personal_mediums(known),
        tracked_campaigns=_tracked_campaigns(known),
        account_levels=(
            _team_accounts(known, active_bindings(world)),
            _team_accounts(known, rows(world, "landing", "integration_ad_accounts")),
            _team_accounts(known, newest_teams(world)),
        ),
        listed_accounts=frozenset(_listed(world, configured_accounts)),
    )


def account_key(raw: object) -> str | None:
    """Return an ad account's id as act_<digits>, however it was written."""
    digits = (text(raw) or "").lower().removeprefix("act_").strip()
    return f"act_{digits}" if digits.isascii() and digits.isdigit() else None


def active_bindings(world: World) -> list[Row]:
    """Return the bindings of Facebook accounts that are in force."""
    found = from_both(world, "traffic_ad_account_bindings")
    platforms = {"", "facebook"}
    return [
        row
        for row in found
        if flag(row.get("is_active")) is not False
        and str(row.get("ad_platform") or "").strip().lower() in platforms
    ]


def _utm_map(world: World, known: People) -> Iterator[MapRow]:
    for row in rows(world, "traffic", "traffic_user_utm_sources"):
        source = utm_value(row.get("utm_source"))[0]
        if flag(row.get("is_active")) is not False:
            yield MapRow(
                source=source,
                medium=utm_value(row.get("utm_medium"))[0],
                funnel=utm_value(row.get("funnel_type"))[0],
                campaigns=_ids(row.get("fb_campaign_ids")),
                owner=Owner(*known.owner(row.get("user_id"))),
            )


def _ids(raw: object) -> tuple[str, ...]:
    return tuple(found for entry in listing(raw) if (found := text(entry)))


def _personal_sources(known: People) -> Iterator[tuple[object, Owner]]:
    for user_id, user in known.users.items():
        yield user.get("utm_source"), Owner(*known.owner(user_id))
    for user_id, settings in known.settings.items():
        yield settings.get("assigned_utm_source"), Owner(*known.owner(user_id))


def _personal_mediums(known: People) -> dict[str, Owner]:
    """Keep mediums that one user alone holds, if that user is tracked by them."""
    held = [
        (settings.get("utm_medium"), Owner(*known.owner(user_id)))
        for user_id, settings in known.settings.items()
    ]
    tracked = {
        Owner(*known.owner(user_id))
        for user_id, settings in known.settings.items()
        if text(settings.get("tracking_by")) == "utm_medium"
    }
    found = _held_by_one(held, GENERIC_MEDIUMS)
    return {medium: owner for medium, owner in found.items() if owner in tracked}


def _held_by_one(
    held: Iterable[tuple[object, Owner]], generic: frozenset[str]
) -> dict[str, Owner]:
    """Keep values that one user alone holds and that are not generic."""
    holders: dict[str, set[Owner]] = defaultdict(set)
    for raw, owner in held:
        value = utm_value(raw)[0]
        if value and value not in generic:
            holders[value].add(owner)
    return {value: found.pop() for value, found in holders.items() if len(found) == 1}


def items(raw: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (id, item) of the enabled entries of a settings list, each id once.

    `enabled` missing means enabled; an entry may be a bare id; lists may be text.
    """
    seen: set[str] = set()
    for entry in listing(raw):
        item = mapping(entry) if isinstance(entry, dict) else {"id": entry}
        found = first_text(item, "id", "campaign_id", "account_id")
        if found and found not in seen and flag(item.get("enabled")) is not False:
            seen.add(found)
            yield found, item


def _tracked_campaigns(known: People) -> dict[str, list[Owner]]:
    found: dict[str, list[Owner]] = defaultdict(list)
    for user_id, settings in known.settings.items():
        for campaign_id, _ in items(settings.get("tracked_campaigns")):
            found[campaign_id].append(Owner(*known.owner(user_id)))
    return dict(found)


def _team_accounts(known: People, found: Iterable[Row]) -> dict[str, set[str]]:
    """Return the teams of each ad account, as one level of facts names them."""
    result: dict[str, set[str]] = defaultdict(set)
    for row in found:
        raw = first_text(row, "ad_account_id", "account_id", "fb_ad_account_id")
        account, team = account_key(raw), known.known_key(team_name(row))
        if account and team:
            result[account].add(team)
    return dict(result)


def _listed(world: World, configured: Iterable[str]) -> Iterator[str]:
    """Yield the accounts to load: wherever either database names one in force."""
    columns: list[object] = list(configured)
    columns += [row.get("ad_account_id") for row in active_bindings(world)]
    for settings in from_both(world, "traffic_targetologist_settings"):
        columns += [found for found, _ in items(settings.get("fb_ad_accounts"))]
    columns += [
        first_text(row, "fb_ad_account_id", "account_id")
        for table in ACCOUNT_TABLES
        for row in from_both(world, table)
        if flag(row.get("is_active")) is not False or table not in SWITCHED_TABLES
    ]
    yield from filter(None, map(account_key, columns))
