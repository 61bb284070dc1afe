"""The first and the last touch of the person behind a sale.

Persons here are joined over leads and deals alike. Credit is not given here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.identity import Identifier, persons
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.mapping import resolve
from pipelines.sandbox.answers.normalise import UtmSet
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.sales import Sale

Record = tuple[str, str, str]


@dataclass(frozen=True)
class Touch:
    """A usable UTM set seen at a moment."""

    touched_at: datetime
    record: Record
    tags: UtmSet


class Touches:
    """Knows every usable touch of every person."""

    def __init__(
        self, facts: Ownership, counted: Iterable[Lead], known_deals: Iterable[Deal]
    ) -> None:
        self.facts = facts
        records: dict[Record, tuple[Identifier, ...]] = {}
        links: list[tuple[Record, Record]] = []
        touches: list[Touch] = []
        for lead in counted:
            record = ("lead", *lead.key)
            records[record] = lead.identifiers
            if lead.deal_id is not None:
                links.append((record, deal_record(lead.deal_id)))
            touches.append(Touch(lead.lead_at, record, lead.utm))
        for deal in known_deals:
            if deal.is_test:
                continue
            record = deal_record(deal.deal_id)
            records[record] = deal.identifiers
            links += [(record, deal_record(other)) for other in _prepayments(deal)]
            if deal.touched_at:
                touches.append(Touch(deal.touched_at, record, _deal_tags(deal)))
        self._person_of = persons(records, links)
        self._by_person = self._sorted(touches)

    def _sorted(self, touches: Iterable[Touch]) -> Mapping[Record, list[Touch]]:
        found: dict[Record, list[Touch]] = defaultdict(list)
        for touch in sorted(touches, key=lambda one: (one.touched_at, one.record)):
            if touch.tags.is_usable:
                found[self._person_of[touch.record]].append(touch)
        return found

    def of(self, sale: Sale) -> tuple[Touch | None, Touch | None]:
        """Return the person's earliest and latest touch not later than the sale."""
        person = self._person_of[deal_record(sale.deal_id)]
        found = self._by_person.get(person, [])
        early = [touch for touch in found if touch.touched_at <= sale.sale_at]
        return (early[0], early[-1]) if early else (None, None)

    def team(self, touch: Touch | None, sale: Sale) -> str | None:
        """Return the team the map gives the touch on the sale's day."""
        return resolve(self.facts, touch.tags, sale.product).team if touch else None


def deal_record(deal_id: int) -> Record:
    """Return the record that stands for a deal."""
    return ("deal", "", str(deal_id))


def _prepayments(deal: Deal) -> list[int]:
    named = (row.prepayment_deal_id for row in deal.rows)
    return [deal_id for deal_id in named if deal_id]


def _deal_tags(deal: Deal) -> UtmSet:
    return deal.utm if deal.utm.is_usable else deal.original
