"""The ladder of products that a buyer climbs, person by person.

Who is one person belongs to `identity.py`; what counts as a payment to `sales.py`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.chains import chain_links
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.identity import persons
from pipelines.sandbox.answers.rules import CHALLENGE3D, EXPRESS, FLAGMAN
from pipelines.sandbox.answers.sales import FULL, PREPAYMENT, UNCLEAR, Sale

MartRow = dict[str, Any]
RUNGS = {
    (EXPRESS, FULL): "express",
    (CHALLENGE3D, PREPAYMENT): "prepayment",
    (CHALLENGE3D, FULL): "full",
    (FLAGMAN, FULL): "flagman",
}
STEPS = (
    ("express", "prepayment"), ("prepayment", "full"), ("full", "flagman"),
    ("express", "flagman"),
)  # fmt: skip


def buyer_ladder(found: Sequence[Sale], teams: DealTeams) -> list[MartRow]:
    """Return a row per person who ever paid; a payment chain has one person."""
    counted = [sale for sale in found if sale.payment_kind != UNCLEAR]
    person_of = persons(
        {sale.deal_id: sale.deal.identifiers for sale in found}, chain_links(found)
    )
    paid: dict[int, list[Sale]] = defaultdict(list)
    for sale in counted:
        paid[person_of[sale.deal_id]].append(sale)
    return [
        {"team_name": teams.of(sales[0].deal_id), **_row(sales)}
        for sales in paid.values()
    ]


def _row(sales: Sequence[Sale]) -> MartRow:
    first: dict[str, Sale] = {}
    for sale in sales:
        if rung := RUNGS.get((sale.product, sale.payment_kind)):
            first.setdefault(rung, sale)
    row: MartRow = {"first_deal_id": sales[0].deal_id}
    for rung in RUNGS.values():
        sale_of_rung = first.get(rung)
        row[f"{rung}_date"] = sale_of_rung.sale_date if sale_of_rung else None
        row[f"{rung}_deal_id"] = sale_of_rung.deal_id if sale_of_rung else None
        row[f"{rung}_amount_kzt"] = sale_of_rung.amount if sale_of_rung else None
    for lower, upper in STEPS:
        row[f"days_{lower}_to_{upper}"] = _days(
            row[f"{lower}_date"], row[f"{upper}_date"]
        )
    return row | {
        "payments": len(sales),
        "first_sale_date": sales[0].sale_date,
        "last_sale_date": sales[-1].sale_date,
        "rungs": len(first),
        "total_kzt": sum((sale.amount for sale in sales), Decimal(0)),
        "is_prepayment_paired": {"prepayment", "full"} <= first.keys(),
    }


def _days(lower: date | None, upper: date | None) -> int | None:
    return (upper - lower).days if lower and upper else None
