"""The dashboard's users, their settings and the teams they form.

Two databases hold copies; the newest `updated_at` speaks, in a tie Traffic does.
What a user owns is read in `ownership.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5

from pipelines.sandbox.answers.normalise import team_key
from pipelines.sandbox.answers.reading import first_text, moment, rows, text
from pipelines.sandbox.answers.rules import (
    NO_TEAM_KEYS,
    UNATTRIBUTED,
    UNATTRIBUTED_KEY,
)
from pipelines.sandbox.story.world import Row, World

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Team:
    """A team as the marts name it."""

    key: str
    team_id: str
    name: str


@dataclass(frozen=True)
class People:
    """All teams by key, and each user's team (None for admins)."""

    teams: dict[str, Team]
    user_teams: dict[str, str | None]
    users: dict[str, Row]
    settings: dict[str, Row]

    def owner(self, owner_id: object) -> tuple[str | None, str | None]:
        """Return (user, team) of an owner, who may be written as a team's name."""
        user = text(owner_id)
        if user in self.user_teams:
            return user, self.user_teams[user]
        key = self.known_key(user)
        return (None, key) if key else (user, None)

    def known_key(self, name: object) -> str | None:
        """Return the key of a team that exists; the technical member is none."""
        key = team_key(name)
        return key if key in self.teams and key != UNATTRIBUTED_KEY else None

    def named(self, key: str | None) -> Team:
        """Return the team, or the technical member when there is none."""
        return self.teams[key or UNATTRIBUTED_KEY]


def updated(row: Row) -> datetime:
    """Return when a row last changed; a row that does not say is the oldest."""
    return moment(row.get("updated_at")) or LONG_AGO


def from_both(world: World, table: str) -> list[Row]:
    """Return a table's rows, newest first, Traffic before Landing in a tie."""
    found = rows(world, "traffic", table) + rows(world, "landing", table)
    return sorted(found, key=updated, reverse=True)


def newest_by(found: Iterable[Row], column: str) -> dict[str, Row]:
    """Keep the first row of each key."""
    result: dict[str, Row] = {}
    for row in found:
        if key := text(row.get(column)):
            result.setdefault(key, row)
    return result


def team_name(row: Row) -> str | None:
    """Return the team a row names, in whichever column it keeps the name."""
    return first_text(row, "team_name", "name", "display_name")


def newest_teams(world: World) -> list[Row]:
    """Return one row per team: the newest of both databases."""
    found: dict[str, Row] = {}
    for row in from_both(world, "traffic_teams"):
        found.setdefault(team_key(team_name(row)), row)
    return list(found.values())


def people(world: World) -> People:
    """Read users, settings and the team dimension."""
    users = newest_by(from_both(world, "traffic_users"), "id")
    settings = newest_by(from_both(world, "traffic_targetologist_settings"), "user_id")
    teams = known_teams(world, users)
    return People(
        teams=teams,
        user_teams={key: _team_of_user(row, teams) for key, row in users.items()},
        users=users,
        settings=settings,
    )


def is_admin(user: Row) -> bool:
    """Tell whether a user stands outside the teams."""
    return str(user.get("role") or "").strip().lower() == "admin"


def _team_of_user(user: Row, teams: dict[str, Team]) -> str | None:
    key = team_key(user.get("team_name"))
    is_member = key in teams and key not in NO_TEAM_KEYS and not is_admin(user)
    return key if is_member else None


def known_teams(world: World, users: dict[str, Row]) -> dict[str, Team]:
    """Unite the teams of both databases, of users and of bindings, by their key.

    Spelling and id come from Traffic, else Landing, else from the first user.
    """
    teams: dict[str, Team] = {}

    def add(name: object, team_id: object = None) -> None:
        key = team_key(name)
        if key and key not in NO_TEAM_KEYS and key not in teams:
            known_id = text(team_id) or hashed_id(key)
            teams[key] = Team(key, known_id, " ".join(str(name).split()))

    for system in ("traffic", "landing"):
        for row in sorted(rows(world, system, "traffic_teams"), key=_age):
            add(team_name(row), row.get("id"))
    for row in sorted(users.values(), key=_age):
        if not is_admin(row):
            add(row.get("team_name"))
    for row in sorted(rows(world, "traffic", "traffic_ad_account_bindings"), key=_age):
        add(row.get("team_name"))
    technical = Team(UNATTRIBUTED_KEY, hashed_id(UNATTRIBUTED_KEY), UNATTRIBUTED)
    return {**teams, UNATTRIBUTED_KEY: technical}


def _age(row: Row) -> tuple[datetime, str]:
    return moment(row.get("created_at")) or LONG_AGO, str(row.get("id"))


def hashed_id(key: str) -> str:
    """Return the id of a team that no table gave one: a hash of its key."""
    return md5(key.encode(), usedforsecurity=False).hexdigest()
