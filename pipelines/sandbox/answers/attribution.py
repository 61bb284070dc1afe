"""The steps that name one team for a sale, from manual entry to lead source.

Each step answers with a finding; payment chains are tied in `chains.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from pipelines.sandbox.answers.campaigns import CampaignOwner, Campaigns
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.mapping import (
    LOW,
    MANUAL,
    MEDIUM,
    NONE,
    Match,
    resolve,
)
from pipelines.sandbox.answers.matching import Matching
from pipelines.sandbox.answers.normalise import NO_UTM, UtmSet
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.sales import Sale


@dataclass(frozen=True)
class Finding:
    """What one step says; `is_final` ends the search without a team."""

    team: str | None = None
    user_id: str | None = None
    confidence: str = NONE
    tags: UtmSet | None = None
    is_ambiguous: bool = False
    is_final: bool = False


NOTHING = Finding()
Step = tuple[str, Callable[[], Finding]]


@dataclass(frozen=True)
class Decision:
    """The team of a sale or a lead, how it was found, and the tags to show."""

    team: str | None
    user_id: str | None
    method: str
    confidence: str
    reason: str | None
    tags: UtmSet


def decide(steps: Iterable[Step], own_tags: UtmSet) -> Decision:
    """Take the first step that names one team; else say why there is none."""
    is_ambiguous = False
    for method, step in steps:
        found = step()
        tags = found.tags or own_tags
        if found.team:
            return Decision(
                found.team, found.user_id, method, found.confidence, None, tags
            )
        if found.is_final:
            reason = why_not(own_tags, is_ambiguous)
            by_hand = method if method == MANUAL else "unattributed"
            return Decision(None, None, by_hand, found.confidence, reason, tags)
        is_ambiguous = is_ambiguous or found.is_ambiguous
    method = "ambiguous" if is_ambiguous else "unattributed"
    reason = why_not(own_tags, is_ambiguous)
    return Decision(None, None, method, NONE, reason, own_tags)


def why_not(own_tags: UtmSet, is_ambiguous: bool) -> str:
    """Return the reason of a missing team, by the own tags unless a step was unsure."""
    if is_ambiguous:
        return "ambiguous"
    if own_tags.is_generic:
        return "generic_utm"
    return "unknown_utm" if own_tags.is_usable else "no_utm"


def by_tags(facts: Ownership, tags: UtmSet, funnel: str | None) -> Finding:
    """Look a set up in the map and the conventions."""
    return from_match(resolve(facts, tags, funnel), tags)


def from_match(match: Match, tags: UtmSet) -> Finding:
    """Turn a look-up's result into a finding about this set."""
    return Finding(
        team=match.team,
        user_id=match.user_id,
        confidence=match.confidence,
        tags=tags,
        is_ambiguous=match.is_ambiguous,
    )


def from_campaign(
    owner: CampaignOwner, confidence: str, tags: UtmSet | None
) -> Finding:
    """Turn a campaign's owner into a finding."""
    return Finding(
        team=owner.team,
        user_id=owner.user_id,
        confidence=confidence if owner.team or confidence == MANUAL else NONE,
        tags=tags,
        is_ambiguous=owner.method == "ambiguous",
        is_final=owner.is_final,
    )


def first_team(findings: Iterable[Finding]) -> Finding:
    """Return the first finding that decides; else whether any was unsure."""
    is_ambiguous = False
    for found in findings:
        if found.team or found.is_final:
            return found
        is_ambiguous = is_ambiguous or found.is_ambiguous
    return Finding(is_ambiguous=is_ambiguous)


def set_ids(
    sets: Iterable[UtmSet], lead: Lead | None
) -> Iterator[tuple[str, UtmSet | None]]:
    """Yield the advertising ids set by set, then the lead's Facebook ids.

    Own-channel and organic sets are skipped whole; Facebook ids are part of no set.
    """
    for tags in sets:
        if not tags.is_skipped:
            yield from ((found, tags) for found in tags.ids)
    if lead:
        yield from ((found, None) for found in lead.fb_ids)


def by_ids(
    campaigns: Campaigns, ids: Iterable[tuple[str, UtmSet | None]], on: date
) -> Finding:
    """Take the team of spend of the first campaign id that has one."""
    return first_team(
        from_campaign(campaigns.owner(campaigns.campaign_of(found), on), MEDIUM, tags)
        for found, tags in ids
    )


def by_campaign_name(campaigns: Campaigns, sets: Iterable[UtmSet], on: date) -> Finding:
    """Take the team of spend of the one campaign whose name a set carries."""

    def findings() -> Iterator[Finding]:
        for tags in sets:
            named = [] if tags.is_skipped else campaigns.named.get(tags.campaign or "")
            if named and len(named) == 1:
                yield from_campaign(campaigns.owner(named[0], on), LOW, tags)

    return first_team(findings())


def by_lead_source(facts: Ownership, lead: Lead | None) -> Finding:
    """Take the team that the lead's source names: proftest_<team>."""
    prefix = "proftest_"
    if lead is None or not lead.source.startswith(prefix):
        return NOTHING
    team = facts.people.known_key(lead.source.removeprefix(prefix))
    return Finding(team=team, confidence=LOW) if team else NOTHING


class SaleAttribution:
    """Walks the steps of one sale after another."""

    def __init__(
        self, facts: Ownership, campaigns: Campaigns, matching: Matching
    ) -> None:
        self.facts = facts
        self.campaigns = campaigns
        self.matching = matching

    def of(self, sale: Sale) -> Decision:
        """Return the sale's own decision, payment chains aside."""
        return decide(self._steps(sale), sale.deal.utm)

    def _steps(self, sale: Sale) -> Iterator[Step]:
        deal, on = sale.deal, sale.sale_date
        matched = self.matching.earliest_lead(sale)
        sets = [deal.original, deal.utm, matched.utm if matched else NO_UTM]
        ids = list(set_ids(sets, matched))
        yield "manual", lambda: self._manual(ids, on)
        yield "deal_original_utm", lambda: self._tags(deal.original, sale)
        yield "deal_utm", lambda: self._tags(deal.utm, sale)
        yield "lead_utm", lambda: self._lead_tags(sale)
        yield "related_deal_utm", lambda: self._related(sale)
        yield "campaign_id", lambda: by_ids(self.campaigns, ids, on)
        yield "campaign_name", lambda: by_campaign_name(self.campaigns, sets, on)
        yield "lead_source", lambda: by_lead_source(self.facts, matched)

    def _tags(self, tags: UtmSet, sale: Sale) -> Finding:
        return by_tags(self.facts, tags, sale.product)

    def _manual(self, ids: Iterable[tuple[str, UtmSet | None]], on: date) -> Finding:
        for found, tags in ids:
            campaign_id = self.campaigns.campaign_of(found)
            if entered := self.campaigns.manual_owner(campaign_id, on):
                return from_campaign(entered, MANUAL, tags)
        return NOTHING

    def _lead_tags(self, sale: Sale) -> Finding:
        lead = self.matching.earliest_usable_lead(sale)
        return self._tags(lead.utm, sale) if lead else NOTHING

    def _related(self, sale: Sale) -> Finding:
        other: Deal | None = self.matching.related_deal(sale)
        if other is None:
            return NOTHING
        found = self._tags(other.touch, sale)
        return replace(found, confidence=MEDIUM) if found.team else found
