"""How the hooks write a deal into the sales tables of Landing and of Traffic.

Which deals get there, and with what wrong values, belongs to `sales.py` and the scenes.
"""

import json
from datetime import datetime, timedelta

from pipelines.sandbox.story.calendar import naive
from pipelines.sandbox.story.deals import UTM_KEYS, WON, Deal
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import spell_email, spell_phone
from pipelines.sandbox.story.world import Row

ORIGINALS = {f"original_utm_{key}": None for key in UTM_KEYS}


def write_sale(
    draft: Draft, table: str, deal: Deal, sold_at: datetime, **columns: object
) -> Row:
    """Store a sale where the hooks wrote at that time: first Landing, then Traffic."""
    if draft.calendar.is_consolidated(sold_at):
        return write_traffic_sale(draft, table, deal, sold_at, **columns)
    return write_landing_sale(draft, table, deal, sold_at, **columns)


def write_landing_sale(
    draft: Draft, table: str, deal: Deal, sold_at: datetime, **columns: object
) -> Row:
    """Add a row to Landing's express or main table."""
    dice = _dice(draft, table, deal)
    written_at = naive(dice.later(sold_at, 0.002, 0.02))
    row: Row = {
        "id": dice.uuid(),
        "deal_id": deal.deal_id,
        "pipeline_id": deal.pipeline,
        "status_id": WON,
        "amount": deal.price,
        "currency": "KZT",
        **_utm(deal),
        "phone": spell_phone(dice, deal.person.phone),
        "email": spell_email(dice, deal.person.email),
        "customer_name": deal.person.name,
        "customer_id": deal.person.contact_id,
        "sale_date": naive(sold_at),
        "created_at": written_at,
        "updated_at": written_at,
        "webhook_received_at": written_at,
        "raw_data": _raw(dice, deal),
    }
    if table == "express_course_sales":
        row |= ORIGINALS | {"attribution_source": None, "related_deal_id": None}
    return draft.add("landing", table, row | columns)


def write_traffic_sale(
    draft: Draft, table: str, deal: Deal, sold_at: datetime, **columns: object
) -> Row:
    """Add a row to Traffic's express or main table."""
    dice = _dice(draft, table, deal)
    written_at = dice.later(sold_at, 0.002, 0.02)
    row: Row = {
        "id": dice.uuid(),
        "deal_id": deal.deal_id,
        "amocrm_lead_id": str(deal.deal_id),
        "amocrm_contact_id": str(deal.person.contact_id),
        "pipeline_id": deal.pipeline,
        "status_id": WON,
        "lead_name": deal.person.name,
        "lead_email": spell_email(dice, deal.person.email),
        "lead_phone": spell_phone(dice, deal.person.phone),
        "amount": deal.price,
        "sale_amount": deal.price,
        "currency": "USD",
        **_utm(deal),
        **ORIGINALS,
        "attribution_source": None,
        "related_deal_id": None,
        "sale_date": sold_at,
        "metadata": {"hook": "unified"},
        "created_at": written_at,
        "updated_at": written_at,
    }
    return draft.add("traffic", table, row | columns)


def write_challenge_sale(
    draft: Draft, deal: Deal, sold_at: datetime, **columns: object
) -> Row:
    """Add a Challenge 3D row; Landing got such rows only in the drifted world."""
    dice = _dice(draft, "challenge3d_sales", deal)
    written_at = dice.later(sold_at, 0.002, 0.02)
    row: Row = {
        "id": dice.uuid(),
        "deal_id": deal.deal_id,
        "amount": deal.price or 0,
        "prepaid": False,
        **_utm(deal),
        "original_utm_source": None,
        "original_utm_campaign": None,
        "original_utm_medium": None,
        "customer_id": deal.person.contact_id,
        "contact_id": deal.person.contact_id,
        "customer_name": deal.person.name,
        "phone": spell_phone(dice, deal.person.phone),
        "email": spell_email(dice, deal.person.email),
        "sale_date": sold_at,
        # This hook also overwrites the creation time.
        "created_at": min(dice.later(written_at, 1, 30), draft.options.now),
        "updated_at": min(dice.later(written_at, 31, 32), draft.options.now),
    }
    is_drifted = draft.options.variant == "drifted"
    if is_drifted and not draft.calendar.is_consolidated(sold_at):
        return draft.add(
            "landing", "challenge3d_sales", _in_landing(row, deal, columns)
        )
    is_prepaid = columns.get("prepaid", False)
    row |= ORIGINALS | {
        "sale_amount": row["amount"],
        "currency": "USD",
        "sale_type": "Prepayment" if is_prepaid else "Full Payment",
        "prepayment_deal_id": None,
        "product_name": "Challenge 3D",
        "payment_method": "kaspi",
    }
    return draft.add("traffic", "challenge3d_sales", row | columns)


def write_landing_challenge(draft: Draft, row: Row) -> Row:
    """Add a ready-made row to Landing's Challenge 3D table."""
    return draft.add("landing", "challenge3d_sales", row)


def write_intensive_sale(
    draft: Draft, deal: Deal, sold_at: datetime, **columns: object
) -> Row:
    """Add a one-day intensive to Traffic, which names the deal only as text."""
    dice = _dice(draft, "intensive1d_sales", deal)
    row: Row = {
        "id": dice.uuid(),
        "amocrm_lead_id": str(deal.deal_id),
        "amocrm_contact_id": str(deal.person.contact_id),
        "lead_name": deal.person.name,
        "lead_email": deal.person.email,
        "lead_phone": spell_phone(dice, deal.person.phone),
        "sale_amount": deal.price,
        "sale_type": "Full Payment",
        **_utm(deal),
        "sale_date": sold_at,
        "metadata": {},
        "created_at": sold_at + timedelta(minutes=1),
        "updated_at": sold_at + timedelta(minutes=1),
    }
    return draft.add("traffic", "intensive1d_sales", row | columns)


def _in_landing(row: Row, deal: Deal, columns: dict[str, object]) -> Row:
    is_prepaid = columns.get("prepaid", False)
    shared = {key: value for key, value in columns.items() if key in row}
    return (
        row
        | shared
        | {
            "pipeline_id": deal.pipeline,
            "status_id": deal.status,
            "currency": "KZT",
            "package_type": "prepaid" if is_prepaid else "full",
            "attribution_source": None,
            # Landing has no prepayment_deal_id; its hook filled this one instead.
            "related_deal_id": columns.get("prepayment_deal_id"),
            "raw_data": {"leads": {"status": [{"id": str(deal.deal_id)}]}},
        }
    )


def _dice(draft: Draft, table: str, deal: Deal) -> Dice:
    return draft.dice(f"{table}/{deal.deal_id}")


def _utm(deal: Deal) -> dict[str, str | None]:
    return {f"utm_{key}": deal.utm.get(key) for key in UTM_KEYS}


def _raw(dice: Dice, deal: Deal) -> object:
    """Return the hook's body: often JSON text inside JSON."""
    body = {
        "leads": {"status": [{"id": str(deal.deal_id), "price": str(deal.price)}]},
        "customer": {"phone": "canary-pii-phone"},
    }
    return json.dumps(body) if dice.chance(0.6) else body
