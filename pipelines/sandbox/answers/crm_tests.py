"""Deals that are tests, kept apart where everybody can see them.

How a test is recognised belongs to `deals.py`.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.history import Stage
from pipelines.sandbox.answers.rounding import money
from pipelines.sandbox.answers.stages import StageNames
from pipelines.sandbox.story.world import AmocrmWorld

MartRow = dict[str, Any]
REASONS = (
    "known_id", "fake_id", "pipeline", "name", "contact_name", "utm", "table_row",
)  # fmt: skip


def crm_test_deals(crm: AmocrmWorld, known_deals: Mapping[int, Deal]) -> list[MartRow]:
    """Return a row per deal that some copy calls a test."""
    names = StageNames(crm)
    return [
        {
            "deal_id": deal.deal_id,
            "reason": next(one for one in REASONS if one in deal.test_reasons),
            "why": ", ".join(sorted(deal.test_reasons)),
            "is_in_amocrm": deal.crm is not None,
            "is_in_tables": bool(deal.rows),
            **names.of(Stage(*reversed(deal.status_and_pipeline))),
            "price_kzt": money(deal.crm.price if deal.crm else deal.table_amount),
            "updated_at": deal.crm.updated_at if deal.crm else None,
        }
        for deal in known_deals.values()
        if deal.is_test
    ]
