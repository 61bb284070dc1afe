"""Deals that are tests, kept apart where everybody can see them.

How a test is recognised belongs to `deals.py`.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.rounding import money

MartRow = dict[str, Any]
REASONS = (
    "known_id", "fake_id", "pipeline", "name", "contact_name", "utm", "table_row",
)  # fmt: skip


def crm_test_deals(known_deals: Mapping[int, Deal]) -> list[MartRow]:
    """Return a row per deal that some copy calls a test."""
    return [
        {
            "deal_id": deal.deal_id,
            "reason": next(one for one in REASONS if one in deal.test_reasons),
            "why": ", ".join(sorted(deal.test_reasons)),
            "pipeline_id": deal.pipeline_id,
            "status_id": deal.status_id,
            "price_kzt": money(deal.crm.price if deal.crm else deal.table_amount),
            "updated_at": deal.crm.updated_at if deal.crm else None,
        }
        for deal in known_deals.values()
        if deal.is_test
    ]
