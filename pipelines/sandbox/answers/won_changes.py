"""What was changed in deals that were won at that time: closed months move.

How a past is cut into stays belongs to `history.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from pipelines.sandbox.answers.crm import CrmDeal
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.history import (
    Event,
    Stay,
    field_of,
    field_text,
    shown,
    stage_of,
)
from pipelines.sandbox.answers.reading import almaty_day, mapping, number, text
from pipelines.sandbox.answers.rounding import money

MartRow = dict[str, Any]
PLAIN_KINDS = {
    "sale_field_changed": "price",
    "entity_responsible_changed": "responsible",
    "lead_deleted": "deleted",
    "entity_merged": "merged",
}


def deal_changes_after_won(
    pasts: Mapping[int, Sequence[Stay]],
    histories: Mapping[int, Sequence[Event]],
    listed: Mapping[int, CrmDeal],
    *,
    tags: Mapping[int, str],
    tests: Iterable[int],
    teams: DealTeams,
) -> list[MartRow]:
    """Return a row per change of a deal that was won when it was changed."""
    left_out = set(tests)
    return [
        {"team_name": teams.of(deal_id), **row}
        for deal_id, events in histories.items()
        if deal_id not in left_out
        for row in _changes(events, pasts.get(deal_id, ()), listed.get(deal_id), tags)
    ]


def _changes(
    events: Sequence[Event],
    past: Sequence[Stay],
    deal: CrmDeal | None,
    tags: Mapping[int, str],
) -> Iterator[MartRow]:
    for event in events:
        kind, won_at = _kind(event, tags), _won_since(event, past)
        if kind is None or won_at is None:
            continue
        before, after = _sides(event, kind)
        changed_date, won_date = almaty_day(event.happened_at), almaty_day(won_at)
        month = won_date.replace(day=1)
        yield {
            "deal_id": event.deal_id,
            "change_id": event.event_id,
            "kind": kind,
            "parameter": tags.get(field_of(event) or 0),
            "value_before": before,
            "value_after": after,
            "change_kzt": _change(event, kind, events, deal),
            "sale_date": won_date,
            "changed_at": event.happened_at,
            "changed_date": changed_date,
            "author_kind": event.author.kind,
            "author_user_id": event.author.user_id,
            "won_at": won_at,
            "closed_month": month,
            "is_closed_period": changed_date.replace(day=1) > month,
            "source": "event",
        }


def _kind(event: Event, tags: Mapping[int, str]) -> str | None:
    if event.kind == "lead_status_changed":
        before, after = stage_of(event.before), stage_of(event.after)
        if not before.is_won or before == after:
            return None
        return "pipeline" if after.is_won else "status"
    if field_of(event) in tags:
        return "utm"
    return PLAIN_KINDS.get(event.kind)


def _won_since(event: Event, past: Sequence[Stay]) -> datetime | None:
    """Return since when the deal was won at the event; None if it was not.

    What happens in the second of the win is a part of it.
    """
    for run in reversed(list(_won_runs(past))):
        entered_at, left_at = run[0].entered_at, run[-1].left_at
        is_over = left_at is not None and left_at < event.happened_at
        if entered_at and entered_at < event.happened_at and not is_over:
            return entered_at
    return None


def _won_runs(past: Sequence[Stay]) -> Iterator[list[Stay]]:
    """Yield the times in which the deal was won, in whatever pipeline."""
    for is_won, run in groupby(past, key=lambda stay: stay.stage.is_won):
        if is_won:
            yield list(run)


def _sides(event: Event, kind: str) -> tuple[str | None, str | None]:
    match kind:
        case "price":
            return _shown(_price(event.before)), _shown(_price(event.after))
        case "status" | "pipeline":
            pair = (stage_of(event.before), stage_of(event.after))
            before, after = (f"{one.pipeline_id}:{one.status_id}" for one in pair)
            return before, after
        case "utm":
            return shown(field_text(event.before)), shown(field_text(event.after))
        case "responsible":
            sides = (event.before, event.after)
            users = (mapping(one.get("responsible_user")).get("id") for one in sides)
            before_user, after_user = map(text, users)
            return before_user, after_user
        case _:
            return None, None


def _shown(price: Decimal | None) -> str | None:
    return None if price is None else str(money(price))


def _price(side: Mapping[str, Any]) -> Decimal | None:
    value = mapping(side.get("sale_field_value"))
    minor = number(value.get("sale_with_minor_units"))
    return number(value.get("sale")) if minor is None else minor


def _change(
    event: Event, kind: str, events: Sequence[Event], deal: CrmDeal | None
) -> Decimal | None:
    """Return by how much the change moves the revenue of the month it was won in."""
    if kind == "price":
        return money((_price(event.after) or 0) - (_price(event.before) or 0))
    if kind in {"status", "deleted"}:
        price = price_at(event, events, deal)
        return None if price is None else money(-price)
    return money(0)


def price_at(
    event: Event, events: Sequence[Event], deal: CrmDeal | None
) -> Decimal | None:
    """Return the price the deal had when something else happened to it."""
    prices = [one for one in events if one.kind == "sale_field_changed"]
    earlier = [one for one in prices if one.order < event.order]
    if earlier:
        return _price(earlier[-1].after)
    if prices:
        return _price(prices[0].before)
    return deal.price if deal else None
