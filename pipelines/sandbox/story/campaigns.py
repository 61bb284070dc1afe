"""Which ad accounts and campaigns exist, and which rule gives each to a team.

The days they spend on and their ads belong to `advertising.py`.
"""

from dataclasses import dataclass

from pipelines.sandbox.story.cast import AGENCY, Cast, Team

Places = dict[str, "AdAccount"]


@dataclass(frozen=True)
class AdAccount:
    """A Facebook ad account; its days are days of its own zone."""

    digits: str
    name: str
    currency: str = "USD"
    timezone: str = "Asia/Almaty"
    created_weeks_ago: int | None = None

    @property
    def act_id(self) -> str:
        return f"act_{self.digits}"


# Every team works in the first one, so the account alone decides no team.
SHARED = AdAccount("100000000000101", "Shared | Almaty")
LOCAL = AdAccount("100000000000202", "Own | Almaty")
ABROAD = AdAccount(
    "100000000000303", "Diaspora | New York", timezone="America/New_York"
)
EURO = AdAccount("100000000000404", "Trial | Berlin", "EUR", "Europe/Berlin")
# Known to the token, listed nowhere: an inactive binding and a switched-off setting.
HIDDEN = AdAccount("100000000000505", "Somebody else | Almaty")
ACCOUNTS = (SHARED, LOCAL, ABROAD, EURO, HIDDEN)


@dataclass(frozen=True)
class Campaign:
    """A campaign with its usual daily spend in the currency of its account."""

    key: str
    campaign_id: str
    account: AdAccount
    name: str
    daily: float
    ads: int
    team: Team | None = None


@dataclass(frozen=True)
class CampaignPlan:
    """All campaigns by key."""

    campaigns: dict[str, Campaign]

    def __getitem__(self, key: str) -> Campaign:
        return self.campaigns[key]

    def main(self, team: Team) -> Campaign:
        return self.campaigns[f"main_{team.index}"]


def plan_campaigns(cast: Cast) -> CampaignPlan:
    """List the campaigns; the comments name the rule that finds each one's team."""
    share = 56 / len(cast.teams)
    rows: list[tuple[str, AdAccount, str, float, int, Team | None]] = [
        # The name holds the token fb_<team>.
        *(
            (f"main_{team.index}", SHARED, f"fb_{team.key} | Express | 11.12", share,
             6, team)
            for team in cast.teams
        ),
        # The name holds a mapped utm_source as a run of tokens.
        ("agency", SHARED, f"{AGENCY.title()}/Challenge 3D/12.11", 12, 5,
         cast.agency.team),
        # Tracked by two buyers of one team: counted once.
        ("tracked", SHARED, "Retargeting | warm audience", 8, 4, cast.agency.team),
        # Tracked by buyers of two teams: ambiguous, and so is the shared account.
        ("contested", SHARED, "Brand | Contested | 01.12", 3, 2, None),
        # Named by the UTM map's campaign ids.
        ("mapped", SHARED, "Promo without a name", 5, 2, cast.agency.team),
        # Nobody's: the account is everybody's.
        ("orphan", SHARED, "Traffic | New | 03.12", 3, 1, None),
        # Two campaigns of one name: the name decides nothing.
        ("twin_1", SHARED, "Twin | Lookalike", 1, 1, None),
        ("twin_2", LOCAL, "Twin | Lookalike", 1, 1, cast.studio.team),
        # The account is bound: LOCAL by Landing's list, ABROAD by a binding.
        ("local", LOCAL, "Flagman / wide / 05.11", 5, 3, cast.studio.team),
        ("abroad", ABROAD, "Diaspora / reels", 6, 3, cast.nick.team),
        ("trial", EURO, "Trial | Europe", 4, 1, None),
        ("hidden", HIDDEN, "Not ours to load", 9, 1, None),
    ]  # fmt: skip
    campaigns = {
        key: Campaign(
            key, f"1202100000000{number:05d}", account, name, daily, ads, team
        )
        for number, (key, account, name, daily, ads, team) in enumerate(rows, start=1)
    }
    return CampaignPlan(campaigns)
