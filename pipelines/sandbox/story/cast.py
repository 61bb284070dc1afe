"""The teams and their buyers, and the names under which their traffic arrives.

Who owns which mapping row or account is written by `mapping.py`.
"""

from dataclasses import dataclass

from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.world import StoryOptions

AGENCY = "agency_FB"
NICK = "buyerfb"
STUDIO = "nova_FB"
CONTESTED = "mira_FB"
SHARED_NICK = "twin_fb"
MEDIUM_ONLY = "ta2"
MAPPED_MEDIUM = "wide"


@dataclass(frozen=True)
class Team:
    """A team of targetologists."""

    index: int
    name: str
    team_id: str

    @property
    def key(self) -> str:
        return " ".join(self.name.lower().split())

    @property
    def convention(self) -> str:
        """The utm_source of teams that need no mapping."""
        return f"fb_{self.key}"


@dataclass(frozen=True)
class Buyer:
    """A dashboard user; the admin buys nothing."""

    name: str
    user_id: str
    team: Team
    role: str = "targetologist"

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@dashboard.example"


@dataclass(frozen=True)
class Cast:
    """Everybody on the dashboard's side.

    Landing knows one buyer per team and the admin; Traffic knows the first two buyers
    and a second one of the first team. Some parts fall to the same buyer when there
    are fewer teams than parts.
    """

    teams: tuple[Team, ...]
    buyers: tuple[Buyer, ...]
    second: Buyer
    admin: Buyer

    def team(self, index: int) -> Team:
        return self.teams[index % len(self.teams)]

    def buyer(self, index: int) -> Buyer:
        return self.buyers[index % len(self.buyers)]

    @property
    def agency(self) -> Buyer:
        return self.buyer(0)

    @property
    def nick(self) -> Buyer:
        return self.buyer(1)

    @property
    def studio(self) -> Buyer:
        return self.buyer(2)

    @property
    def by_medium(self) -> Buyer:
        return self.buyer(3)


def gather(options: StoryOptions) -> Cast:
    """Name the teams and invent a buyer for each."""
    dice = Dice(options.seed, "cast")
    teams = tuple(
        Team(index, name, dice.uuid()) for index, name in enumerate(options.teams)
    )
    buyers = tuple(
        Buyer(f"Buyer Sample{team.index + 1}", dice.uuid(), team) for team in teams
    )
    second = Buyer("Second Sample", dice.uuid(), teams[0])
    admin = Buyer("Admin Sample", dice.uuid(), teams[0], role="admin")
    return Cast(teams, buyers, second, admin)
