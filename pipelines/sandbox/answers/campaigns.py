"""From a campaign and a day to the team whose spend it is.

Knows Facebook's objects and the ownership facts; amounts belong to `spend.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.sandbox.answers.mapping import one_team
from pipelines.sandbox.answers.normalise import (
    holds_run,
    team_key,
    tokens,
    utm_value,
)
from pipelines.sandbox.answers.ownership import Owner, Ownership, account_key
from pipelines.sandbox.answers.people import LONG_AGO
from pipelines.sandbox.answers.reading import day, moment, rows, text
from pipelines.sandbox.answers.rules import (
    GENERIC_SOURCES,
    NO_TEAM_KEYS,
    UNATTRIBUTED_KEY,
)
from pipelines.sandbox.story.world import Document, World

OBJECT_COLUMNS = ("campaign_id", "adset_id", "ad_id")


@dataclass(frozen=True)
class CampaignOwner:
    """The team of a campaign on a day, and how it was found."""

    team: str | None
    user_id: str | None
    method: str

    @property
    def is_final(self) -> bool:
        """Tell whether somebody decided by hand that no team owns it."""
        return self.method == "manual" and self.team is None


@dataclass(frozen=True)
class Campaign:
    """A campaign by its current name, in its ad account."""

    campaign_id: str
    name: str
    account: str | None


class Campaigns:
    """Answers whose campaign it was on a day, and which campaign an id belongs to."""

    def __init__(self, world: World, facts: Ownership) -> None:
        self.facts = facts
        self.manual = _manual_entries(world, facts)
        self.campaigns = _campaigns(world, facts)
        self.parents = _parents(world, facts)
        self.named: dict[str, list[str]] = defaultdict(list)
        for campaign in self.campaigns.values():
            if name := utm_value(campaign.name)[0]:
                self.named[name].append(campaign.campaign_id)
        self._runs = list(_name_runs(facts))

    def campaign_of(self, object_id: str) -> str:
        """Return the campaign of an ad or ad set id; any other id stands for itself."""
        return self.parents.get(object_id, object_id)

    def manual_owner(self, campaign_id: str, on: date) -> CampaignOwner | None:
        """Return what was entered by hand for this campaign on this day."""
        if (campaign_id, on) not in self.manual:
            return None
        return CampaignOwner(self.manual[campaign_id, on], None, "manual")

    def owner(self, campaign_id: str, on: date) -> CampaignOwner:
        """Return the team by the first step that names exactly one."""
        if entered := self.manual_owner(campaign_id, on):
            return entered
        campaign = self.campaigns.get(campaign_id)
        is_ambiguous = False
        for method, owners in self._steps(campaign_id, campaign):
            match = one_team(owners, method)
            if match.team:
                return CampaignOwner(match.team, match.user_id, method)
            is_ambiguous = is_ambiguous or match.is_ambiguous
        by_account = self.account_owner(campaign.account if campaign else None)
        if by_account.team or not is_ambiguous:
            return by_account
        return CampaignOwner(None, None, "ambiguous")

    def account_owner(self, account: str | None) -> CampaignOwner:
        """Return the team an account is bound to: three separate levels of facts."""
        is_ambiguous = False
        for level in self.facts.account_levels:
            teams = level.get(account or "", set())
            if len(teams) == 1:
                return CampaignOwner(next(iter(teams)), None, "ad_account")
            is_ambiguous = is_ambiguous or len(teams) > 1
        method = "ambiguous" if is_ambiguous else "unattributed"
        return CampaignOwner(None, None, method)

    def _steps(
        self, campaign_id: str, campaign: Campaign | None
    ) -> Iterator[tuple[str, Iterable[Owner]]]:
        yield "tracked_campaign", self.facts.tracked_campaigns.get(campaign_id, [])
        mapped = (row for row in self.facts.utm_map if campaign_id in row.campaigns)
        yield "mapped_campaign", [row.owner for row in mapped]
        parts = tokens(campaign.name) if campaign else ()
        named = (owner for run, owner in self._runs if holds_run(parts, run))
        yield "campaign_name", list(named)


def _name_runs(facts: Ownership) -> Iterator[tuple[tuple[str, ...], Owner]]:
    """Yield what a campaign name may contain: fb_<team>, or a mapped source."""
    for key, team in facts.people.teams.items():
        if key != UNATTRIBUTED_KEY:
            yield tokens(f"fb_{team.name}"), Owner(user_id=None, team=key)
    for row in facts.utm_map:
        if row.source and row.source not in GENERIC_SOURCES:
            yield tokens(row.source), row.owner


def _manual_entries(
    world: World, facts: Ownership
) -> dict[tuple[str, date], str | None]:
    """Return the latest entry per campaign and day; unknown team names are ignored."""
    found: dict[tuple[str, date], str | None] = {}
    entries = rows(world, "landing", "manual_attribution_log")
    for row in sorted(entries, key=_entered):
        campaign_id, on = text(row.get("campaign_id")), day(row.get("stat_date"))
        key = team_key(row.get("new_team"))
        team = facts.people.known_key(key)
        if campaign_id and on and (team or key in NO_TEAM_KEYS):
            found[campaign_id, on] = team
    return found


def _entered(row: Document) -> tuple[datetime, str]:
    return moment(row.get("created_at")) or LONG_AGO, str(row.get("id"))


def is_loaded(facts: Ownership, document: Document) -> bool:
    """Tell whether a Facebook object or row belongs to an account that is listed."""
    return account_key(document.get("account_id")) in facts.listed_accounts


def _campaigns(world: World, facts: Ownership) -> dict[str, Campaign]:
    """Return campaigns by id; one that only insights know takes its latest name."""
    found: dict[str, Campaign] = {}
    days = sorted(world.facebook.ad_days, key=lambda row: str(row.get("date_start")))
    seen = [(row.get("campaign_id"), row.get("campaign_name"), row) for row in days]
    seen += [(row.get("id"), row.get("name"), row) for row in world.facebook.campaigns]
    for raw_id, name, document in seen:
        campaign_id = text(raw_id)
        if campaign_id and is_loaded(facts, document):
            account = account_key(document.get("account_id"))
            found[campaign_id] = Campaign(campaign_id, text(name) or "", account)
    return found


def _parents(world: World, facts: Ownership) -> dict[str, str]:
    """Return the campaign of every campaign, ad set and ad id."""
    found: dict[str, str] = {}
    objects = world.facebook.ad_sets + world.facebook.ads
    loaded = [row for row in world.facebook.ad_days + objects if is_loaded(facts, row)]
    for row in loaded:
        for column in ("id", *OBJECT_COLUMNS):
            if row.get(column) and row.get("campaign_id"):
                found[str(row[column])] = str(row["campaign_id"])
    return found
