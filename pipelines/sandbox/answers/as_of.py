"""What AmoCRM called sold, as it became known: the ledger behind reports as of a day.

After one extract every deal has one version, and all of it became known at once.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.crm import CrmDeal
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.reading import almaty_day
from pipelines.sandbox.answers.rounding import money
from pipelines.sandbox.answers.rules import (
    CHALLENGE3D,
    LEADS_ONLY_PIPELINES,
    PIPELINE_PRODUCTS,
    PREPAYMENT_MAX,
    UNKNOWN,
    WON,
)
from pipelines.sandbox.answers.sales import FULL, PREPAYMENT, UNCLEAR

MartRow = dict[str, Any]


def sales_as_of_changes(
    known_deals: Mapping[int, Deal], teams: DealTeams, now: datetime
) -> list[MartRow]:
    """Return a row per deal that AmoCRM calls sold, known since the first load."""
    return [
        {
            "deal_id": deal.deal_id,
            "known_at": now,
            "known_date": almaty_day(now),
            **_sold(deal.crm, almaty_day(now)),
            "change_sales": 1,
            "change_revenue_kzt": money(_amount(deal.crm)),
            "team_name": teams.of(deal.deal_id),
        }
        for deal in known_deals.values()
        if deal.crm and not deal.is_test and _is_sold(deal.crm)
    ]


def _is_sold(deal: CrmDeal) -> bool:
    return deal.status_id == WON and deal.pipeline_id not in LEADS_ONLY_PIPELINES


def _amount(deal: CrmDeal) -> Decimal:
    return max(deal.price or Decimal(0), Decimal(0))


def _sold(deal: CrmDeal, today: date) -> MartRow:
    sold_at = deal.closed_at or deal.created_at
    product = PIPELINE_PRODUCTS.get(deal.pipeline_id or 0, UNKNOWN)
    amount, kind = _amount(deal), FULL
    if product == CHALLENGE3D and amount < PREPAYMENT_MAX:
        kind = PREPAYMENT if amount > 0 else UNCLEAR
    sale_date = almaty_day(sold_at) if sold_at else None
    return {
        "cause": "new_sale" if sale_date == today else "late_seen",
        "sale_date": sale_date,
        "product": product,
        "payment_kind": kind,
    }
