"""Deals that went away, and those that came back: each going with its witnesses.

After one extract nothing was ever missed by a sweep: events and the trash speak alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.history import Event
from pipelines.sandbox.answers.reading import moment, whole
from pipelines.sandbox.answers.rounding import money
from pipelines.sandbox.answers.rules import LEADS_ONLY_PIPELINES, WON
from pipelines.sandbox.story.world import AmocrmWorld

MartRow = dict[str, Any]


@dataclass(frozen=True)
class Going:
    """A deal went away; what says so, and when it came back."""

    opened_at: datetime
    event: Event | None = None
    trash_at: datetime | None = None
    closed_at: datetime | None = None


def deal_deletions(
    crm: AmocrmWorld,
    known_deals: Mapping[int, Deal],
    histories: Mapping[int, Sequence[Event]],
    gone: set[int],
    teams: DealTeams,
) -> list[MartRow]:
    """Return a row per going of a deal; `gone` are the tombstoned ones."""
    stubs = {whole(row.get("id")): moment(row.get("updated_at")) for row in crm.trashed}
    ids = {*histories, *(one for one in stubs if one is not None)}
    return [
        _row(deal_id, going, known_deals.get(deal_id), gone, teams)
        for deal_id in sorted(ids)
        for going in _goings(histories.get(deal_id, ()), stubs.get(deal_id))
    ]


def _goings(events: Sequence[Event], trash_at: datetime | None) -> Iterator[Going]:
    """Yield goings: signs without a return between them are one."""
    going: Going | None = None
    for event in events:
        if event.kind == "lead_deleted":
            going = going or Going(event.happened_at, event)
        elif event.kind == "lead_restored" and going:
            yield replace(going, closed_at=event.happened_at)
            going = None
    if trash_at:
        going = replace(going or Going(trash_at), trash_at=trash_at)
    if going:
        yield going


def _row(
    deal_id: int, going: Going, deal: Deal | None, gone: set[int], teams: DealTeams
) -> MartRow:
    is_open = going.closed_at is None
    is_tombstone = is_open and deal_id in gone
    is_listed = deal is not None and deal.crm is not None
    was_sale = deal is not None and _was_sale(deal)
    price = _price(deal) if deal else None
    at_stake = money(price or 0) if was_sale else Decimal("0.00")
    author = going.event.author if going.event else None
    return {
        "deal_id": deal_id,
        "opened_at": going.opened_at,
        "kind": "deleted",
        "is_tombstone": is_tombstone,
        "is_listed": is_listed,
        "closed_at": going.closed_at,
        "event_at": going.event.happened_at if going.event else None,
        "trash_at": going.trash_at,
        "survivor_deal_id": None,
        "author_kind": author.kind if author else None,
        "author_user_id": author.user_id if author else None,
        "price_kzt": money(price),
        "was_sale": was_sale,
        "revenue_lost_kzt": at_stake if is_tombstone else 0,
        "revenue_in_doubt_kzt": at_stake
        if is_open and not is_listed and not is_tombstone
        else 0,
        "team_name": teams.of(deal_id),
    }


def _was_sale(deal: Deal) -> bool:
    """Tell whether it was sold: as last seen, or by the tables if never seen."""
    if deal.is_test:
        return False
    if deal.crm is None:
        return bool(deal.rows)
    is_selling = deal.crm.pipeline_id not in LEADS_ONLY_PIPELINES
    return deal.crm.status_id == WON and is_selling


def _price(deal: Deal) -> Decimal | None:
    return deal.crm.price if deal.crm else deal.table_amount
