"""From UTM to team: the levels of the map, most specific first.

Which UTM set of a sale or a lead is looked up, `attribution.py` decides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.sandbox.answers.normalise import UtmSet, team_key
from pipelines.sandbox.answers.ownership import Owner, Ownership
from pipelines.sandbox.answers.rules import MAPPED_FUNNELS

HIGH, MEDIUM, LOW, MANUAL, NONE = "high", "medium", "low", "manual", "none"


@dataclass(frozen=True)
class Match:
    """What a look-up found: one team, several (ambiguous) or none."""

    team: str | None = None
    user_id: str | None = None
    confidence: str = NONE
    is_ambiguous: bool = False


NO_MATCH = Match()


def one_team(owners: Iterable[Owner], confidence: str) -> Match:
    """Decide among candidates: one team wins, two are ambiguous, none is nothing.

    The user is named only when a single user of that team qualifies.
    """
    found = [owner for owner in owners if owner.team]
    teams = {owner.team for owner in found}
    if len(teams) != 1:
        return Match(is_ambiguous=len(teams) > 1)
    users = {owner.user_id for owner in found if owner.user_id}
    user_id = users.pop() if len(users) == 1 else None
    return Match(team=teams.pop(), user_id=user_id, confidence=confidence)


def resolve(facts: Ownership, tags: UtmSet, funnel: str | None) -> Match:
    """Look a UTM set up; the first level with candidates of a team decides."""
    if tags.is_skipped:
        return NO_MATCH
    for owners, confidence in _levels(facts, tags, funnel):
        match = one_team(owners, confidence)
        if match.team or match.is_ambiguous:
            return match
    return NO_MATCH


def _levels(
    facts: Ownership, tags: UtmSet, funnel: str | None
) -> Iterator[tuple[list[Owner], str]]:
    if tags.source:
        yield from _map_levels(facts, tags, funnel)
        yield _convention(facts, tags.source), MEDIUM
        yield _held(facts.personal_sources, tags.source), MEDIUM
    yield _held(facts.personal_mediums, tags.medium), MEDIUM


def _map_levels(
    facts: Ownership, tags: UtmSet, funnel: str | None
) -> Iterator[tuple[list[Owner], str]]:
    """Yield the four levels of the map; a generic source needs a medium to match."""
    same = [row for row in facts.utm_map if row.source == tags.source]
    by_medium = [row for row in same if row.medium and row.medium == tags.medium]
    without = [] if tags.is_generic else [row for row in same if row.medium is None]
    is_mapped = funnel in MAPPED_FUNNELS
    for candidates, is_any_funnel in (
        (by_medium, False),
        (without, False),
        (by_medium, True),
        (without, True),
    ):
        if is_any_funnel or is_mapped:
            fits = (row for row in candidates if is_any_funnel or row.funnel == funnel)
            yield [row.owner for row in fits], HIGH


def _convention(facts: Ownership, source: str) -> list[Owner]:
    """Return the team that `fb_<team>` names; the convention names no user."""
    if not source.startswith("fb_"):
        return []
    team = facts.people.known_key(team_key(source.removeprefix("fb_")))
    return [Owner(user_id=None, team=team)] if team else []


def _held(values: dict[str, Owner], value: str | None) -> list[Owner]:
    return [values[value]] if value in values else []
