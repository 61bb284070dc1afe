"""Deals that the CRM holds as won against what the sales tables hold, deal by deal.

What is a sale, and whose, is decided elsewhere; here two records are compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.reading import almaty_day
from pipelines.sandbox.answers.rounding import money
from pipelines.sandbox.answers.rules import (
    CHALLENGE3D,
    LEADS_ONLY_PIPELINES,
    LOST,
    WON,
)
from pipelines.sandbox.answers.sales import product_of

MartRow = dict[str, Any]
MISSING, EXTRA, MATCHED = "missing_in_tables", "extra_in_tables", "matched"


@dataclass(frozen=True)
class Record:
    """What one side holds of a deal."""

    amount: Decimal | None
    on: date | None
    utm_source: str | None


def crm_reconciliation(known_deals: Mapping[int, Deal]) -> list[MartRow]:
    """Return a row per deal that is won in the CRM or stored in a sales table."""
    return [
        row
        for deal in known_deals.values()
        if not deal.is_test
        and deal.pipeline_id not in LEADS_ONLY_PIPELINES
        and (row := _row(deal, _won(deal), _stored(deal)))
    ]


def _won(deal: Deal) -> Record | None:
    crm = deal.crm
    if crm is None or crm.status_id != WON or deal.is_tombstoned:
        return None
    return Record(crm.price, _day(crm.closed_at), deal.crm_utm.source)


def _stored(deal: Deal) -> Record | None:
    if not deal.rows or _is_prepaid(deal):
        return None
    sold_on = _day(deal.table_sold_at)
    return Record(deal.table_amount, sold_on, deal.table_utm.source)


def _is_prepaid(deal: Deal) -> bool:
    """Tell whether the row is the prepayment of a deal that waits for the rest."""
    is_open = deal.crm is not None and deal.crm.status_id not in {WON, LOST}
    is_flagged = deal.flag_row is not None and deal.flag_row.is_flagged
    return is_open and is_flagged and product_of(deal) == CHALLENGE3D


def _day(moment: datetime | None) -> date | None:
    return almaty_day(moment) if moment else None


def _row(deal: Deal, won: Record | None, stored: Record | None) -> MartRow | None:
    if not won and not stored:
        return None
    findings = list(_findings(won, stored))
    amounts = [side.amount if side else None for side in (won, stored)]
    return {
        "product": product_of(deal),
        "deal_id": deal.deal_id,
        "finding": findings[0],
        "findings": ", ".join(findings),
        "crm_amount_kzt": money(amounts[0]),
        "table_amount_kzt": money(amounts[1]),
        "difference_kzt": money((amounts[0] or 0) - (amounts[1] or 0)),
        "crm_date": won.on if won else None,
        "table_date": stored.on if stored else None,
        # Shown of a deal that is not won too: it says whose it may become.
        "crm_utm_source": deal.crm_utm.source,
        "table_utm_source": stored.utm_source if stored else None,
        "is_tombstoned": deal.is_tombstoned,
    }


def _findings(won: Record | None, stored: Record | None) -> Iterator[str]:
    """Yield what is wrong, the worst first."""
    if won is None or stored is None:
        yield MISSING if won else EXTRA
        return
    differences = {
        "amount_differs": (won.amount or 0) != (stored.amount or 0),
        "day_differs": won.on != stored.on,
        "utm_differs": won.utm_source != stored.utm_source,
    }
    found = [name for name, is_found in differences.items() if is_found]
    yield from found or [MATCHED]
