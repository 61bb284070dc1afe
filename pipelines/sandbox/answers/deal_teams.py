"""The team of any deal: of its sale, else of its lead, else of its own tags.

How sales and leads find their teams belongs to `attribution.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.mapping import resolve
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.rules import UNATTRIBUTED
from pipelines.sandbox.answers.sales import product_of

MartRow = dict[str, Any]


class DealTeams:
    """Names the team of a deal; a sale may be unattributed, another deal has none."""

    def __init__(
        self,
        facts: Ownership,
        known_deals: Mapping[int, Deal],
        sold: Iterable[MartRow],
        counted: Iterable[MartRow],
    ) -> None:
        self._facts = facts
        self._deals = known_deals
        self._sales = {row["deal_id"]: row["team_name"] for row in sold}
        self._leads: dict[int, str] = {}
        ordered = sorted(
            counted, key=lambda row: (row["lead_at"], row["source_db"], row["lead_id"])
        )
        for row in ordered:
            if row["deal_id"] is not None and row["team_name"] != UNATTRIBUTED:
                self._leads.setdefault(row["deal_id"], row["team_name"])

    def of(self, deal_id: int) -> str | None:
        """Return the team's name."""
        known = self._sales.get(deal_id) or self._leads.get(deal_id)
        deal = self._deals.get(deal_id)
        if known or deal is None:
            return known
        found = resolve(self._facts, deal.utm, product_of(deal)).team
        return self._facts.people.named(found).name if found else None
