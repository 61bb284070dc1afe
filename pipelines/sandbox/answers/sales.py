"""Which deals are sales: product, kind of payment, amount and time.

Whose sale it is belongs to `attribution.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.identity import persons
from pipelines.sandbox.answers.reading import almaty_day
from pipelines.sandbox.answers.refunds import WonSpell, refunded_spell
from pipelines.sandbox.answers.rounding import rounded
from pipelines.sandbox.answers.rules import (
    CHALLENGE3D,
    LEADS_ONLY_PIPELINES,
    LOST,
    PIPELINE_PRODUCTS,
    PREPAYMENT_MAX,
    PRODUCT_KEYWORDS,
    UNKNOWN,
    WON,
)

FULL, PREPAYMENT, UNCLEAR = "full", "prepayment", "unknown"


@dataclass(frozen=True)
class Sale:
    """One payment; `refunded_at` says when it was given back."""

    deal: Deal
    product: str
    payment_kind: str
    amount: Decimal
    sale_at: datetime
    refunded_at: datetime | None
    is_amount_missing: bool
    is_status_unverified: bool
    is_date_unverified: bool
    is_amount_suspicious: bool

    @property
    def deal_id(self) -> int:
        """Return the deal the payment belongs to."""
        return self.deal.deal_id

    @property
    def sale_date(self) -> date:
        """Return the Almaty day of the sale."""
        return almaty_day(self.sale_at)


def sales(known: Iterable[Deal]) -> list[Sale]:
    """Return every sale in order of time, one per deal."""
    found = (sale_of(deal) for deal in known)
    return sorted(
        (sale for sale in found if sale), key=lambda sale: (sale.sale_at, sale.deal_id)
    )


def product_by_keyword(campaign: str | None) -> str:
    """Guess a product from the campaign: the first keyword it contains."""
    for product, keywords in PRODUCT_KEYWORDS:
        if campaign and any(keyword in campaign for keyword in keywords):
            return product
    return UNKNOWN


def product_of(deal: Deal) -> str:
    """Return the product: by pipeline, else by table, else by campaign keyword."""
    if deal.pipeline_id in PIPELINE_PRODUCTS:
        return PIPELINE_PRODUCTS[deal.pipeline_id]
    if deal.rows:
        return deal.rows[0].product
    return product_by_keyword(deal.utm.campaign)


def sale_of(deal: Deal) -> Sale | None:
    """Return the deal's sale, or None when it is none."""
    if deal.is_test or deal.is_tombstoned:
        return None
    if deal.pipeline_id in LEADS_ONLY_PIPELINES and not deal.rows:
        return None
    product = product_of(deal)
    is_won = deal.status_id == WON
    spell = None if is_won or not deal.crm else refunded_spell(deal.events)
    row = deal.flag_row
    is_flagged = product == CHALLENGE3D and row is not None and row.is_flagged
    is_paid = is_won or spell is not None or deal.status_id is None
    if not is_paid and (not is_flagged or deal.status_id == LOST):
        return None
    amount = _amount(deal, is_won=is_won, spell=spell, is_flagged=is_flagged)
    kind = _kind(deal, product, amount, is_flagged=is_flagged, is_paid=is_paid)
    sale_at, is_unverified = _time(deal, spell)
    if sale_at is None:
        return None
    is_missing = amount is None or amount <= 0
    return Sale(
        deal=deal,
        product=product,
        payment_kind=kind,
        amount=Decimal("0.00") if amount is None or is_missing else rounded(amount, 2),
        sale_at=sale_at,
        refunded_at=spell.left_at if spell else None,
        is_amount_missing=is_missing,
        is_status_unverified=deal.status_id is None,
        is_date_unverified=is_unverified,
        is_amount_suspicious=kind == PREPAYMENT and _reaches_boundary(amount),
    )


def _reaches_boundary(amount: Decimal | None) -> bool:
    return amount is not None and amount >= PREPAYMENT_MAX


def _amount(
    deal: Deal, *, is_won: bool, spell: WonSpell | None, is_flagged: bool
) -> Decimal | None:
    """Return what was paid.

    A pulled won deal's price speaks, zero or not; a refunded one falls back to the
    table. A prepayment of a deal that is not won is what the flagged row says.
    """
    if deal.crm and spell:
        return deal.crm.price or deal.table_amount
    if is_flagged and not is_won and deal.flag_row:
        return deal.flag_row.amount
    return deal.crm.price if deal.crm else deal.table_amount


def _kind(
    deal: Deal,
    product: str,
    amount: Decimal | None,
    *,
    is_flagged: bool,
    is_paid: bool,
) -> str:
    """Return the kind of payment; only Challenge 3D knows others than full.

    A flagged deal that AmoCRM holds as won at full price has since been paid in full,
    provided the flagged row held less than a full price.
    """
    if product != CHALLENGE3D:
        return FULL
    if is_flagged:
        held = deal.flag_row.amount if deal.flag_row else None
        was_less = held is None or held < PREPAYMENT_MAX
        is_completed = deal.crm and is_paid and was_less and _reaches_boundary(amount)
        return FULL if is_completed else PREPAYMENT
    if amount is None or amount <= 0:
        return UNCLEAR
    return FULL if _reaches_boundary(amount) else PREPAYMENT


def _time(deal: Deal, spell: WonSpell | None) -> tuple[datetime | None, bool]:
    """Return when it was sold, and whether only a copy's creation time says so."""
    closed_at = deal.crm.closed_at if deal.crm else None
    created_at = deal.crm.created_at if deal.crm else None
    entered_at = spell.entered_at if spell else None
    known = entered_at or closed_at or deal.table_sold_at or created_at
    return known or deal.table_created_at, known is None


def new_buyers(known: list[Sale]) -> set[int]:
    """Return the deals that are their person's first counted payment.

    Persons are joined by the sales' own identifiers; without any, each is new.
    """
    person_of = persons({sale.deal_id: sale.deal.identifiers for sale in known})
    first: dict[int, int] = {}
    for sale in known:
        if sale.payment_kind != UNCLEAR:
            first.setdefault(person_of[sale.deal_id], sale.deal_id)
    return set(first.values())
