"""Finds what belongs to a sale: its leads, and earlier deals of the same phone.

By the sale's direct identifiers only; which match names the team is decided elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.identity import (
    Identifier,
    holders,
    trusted_holders,
)
from pipelines.sandbox.answers.leads import Lead, LeadKey
from pipelines.sandbox.answers.sales import Sale

LEAD_GRACE = timedelta(days=1)


class Matching:
    """Indexes leads and deals once, then answers sale by sale."""

    def __init__(self, counted: Iterable[Lead], known_deals: Iterable[Deal]) -> None:
        self.leads = {lead.key: lead for lead in counted}
        self.deals = {deal.deal_id: deal for deal in known_deals}
        self._by_deal: dict[int, list[LeadKey]] = defaultdict(list)
        self._by_sync: dict[int, list[LeadKey]] = defaultdict(list)
        for lead in self.leads.values():
            if lead.own_deal_id is not None:
                self._by_deal[lead.own_deal_id].append(lead.key)
            for deal_id in lead.synced_deal_ids:
                self._by_sync[deal_id].append(lead.key)
        self._by_identifier = self._trusted()
        self._deals_by_phone = holders(
            {deal.deal_id: _phones(deal) for deal in self.deals.values()}
        )

    def _trusted(self) -> dict[Identifier, list[LeadKey]]:
        """Return the leads of each identifier; one on too many records matches none.

        Records are leads and deals alike; tests are no records.
        """
        records: dict[LeadKey | int, tuple[Identifier, ...]] = {
            lead.key: lead.identifiers for lead in self.leads.values()
        }
        for deal in self.deals.values():
            if not deal.is_test:
                records[deal.deal_id] = deal.identifiers
        return {
            identifier: [key for key in held if not isinstance(key, int)]
            for identifier, held in trusted_holders(records).items()
        }

    def earliest_lead(self, sale: Sale) -> Lead | None:
        """Return the earliest lead of the first kind of link that has one."""
        return next((found[0] for found in self._link_kinds(sale) if found), None)

    def earliest_usable_lead(self, sale: Sale) -> Lead | None:
        """Return the same among leads whose tags may decide."""
        for found in self._link_kinds(sale):
            for lead in found:
                if lead.utm.is_usable:
                    return lead
        return None

    def related_deal(self, sale: Sale) -> Deal | None:
        """Return the earliest deal with tags that began before this one."""
        began = sale.deal.touched_at
        others = {
            deal_id
            for phone in _phones(sale.deal)
            for deal_id in self._deals_by_phone.get(phone, [])
            if deal_id != sale.deal_id
        }
        earlier = [
            (other.touched_at, deal_id)
            for deal_id in others
            if (other := self.deals[deal_id]).touched_at
            and began
            and other.touched_at < began
            and other.touch.is_usable
            and not other.is_test
        ]
        return self.deals[min(earlier)[1]] if earlier else None

    def _link_kinds(self, sale: Sale) -> Iterator[list[Lead]]:
        """Yield the leads by deal id, by synchronisation, by phone, by e-mail."""
        yield self._early(self._by_deal.get(sale.deal_id, []), sale)
        yield self._early(self._by_sync.get(sale.deal_id, []), sale)
        for kind in ("phone", "email"):
            held = [
                key
                for identifier in sale.deal.identifiers
                if identifier[0] == kind
                for key in self._by_identifier.get(identifier, [])
            ]
            yield self._early(held, sale)

    def _early(self, keys: Iterable[LeadKey], sale: Sale) -> list[Lead]:
        """Keep leads created at most a day after the sale, earliest first."""
        limit = sale.sale_at + LEAD_GRACE
        found = [self.leads[key] for key in dict.fromkeys(keys)]
        early = (lead for lead in found if lead.lead_at <= limit)
        return sorted(early, key=lambda lead: lead.order)


def _phones(deal: Deal) -> list[tuple[str, str]]:
    return [identifier for identifier in deal.identifiers if identifier[0] == "phone"]
