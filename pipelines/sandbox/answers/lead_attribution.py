"""The steps that name one team for a lead, from its tags to its deal's.

A lead asks as of its own day; sales are attributed in `attribution.py`.
"""

from collections.abc import Iterator, Mapping

from pipelines.sandbox.answers.attribution import (
    NOTHING,
    Decision,
    Finding,
    Step,
    by_campaign_name,
    by_ids,
    by_lead_source,
    by_tags,
    decide,
    set_ids,
)
from pipelines.sandbox.answers.campaigns import Campaigns
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.ownership import Ownership


class LeadAttribution:
    """Walks the steps of one lead after another."""

    def __init__(
        self,
        facts: Ownership,
        campaigns: Campaigns,
        known_deals: Mapping[int, Deal],
    ) -> None:
        self.facts = facts
        self.campaigns = campaigns
        self.deals = known_deals

    def of(self, lead: Lead) -> Decision:
        """Return the lead's team and how it was found."""
        return decide(self._steps(lead), lead.utm)

    def _steps(self, lead: Lead) -> Iterator[Step]:
        on, sets = lead.lead_date, [lead.utm]
        ids = list(set_ids(sets, lead))
        yield "lead_utm", lambda: by_tags(self.facts, lead.utm, lead.funnel)
        yield "campaign_id", lambda: by_ids(self.campaigns, ids, on)
        yield "campaign_name", lambda: by_campaign_name(self.campaigns, sets, on)
        yield "lead_source", lambda: by_lead_source(self.facts, lead)
        yield "deal_utm", lambda: self._deal_tags(lead)

    def _deal_tags(self, lead: Lead) -> Finding:
        deal = self.deals.get(lead.deal_id or 0)
        return by_tags(self.facts, deal.utm, lead.funnel) if deal else NOTHING
