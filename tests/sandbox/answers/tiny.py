"""Worlds of a handful of rows: two teams, Alpha and Beta, and what a test adds.

Alpha's buyer owns the tag `buyera`, Beta's `buyerb`, each in the express funnel.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.expected import expected_marts
from pipelines.sandbox.story.world import (
    AmocrmWorld,
    FacebookWorld,
    StoryOptions,
    World,
)

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
EXPRESS, FLAGMAN, CHALLENGE = 10350882, 10418746, 9430994
ACCOUNT = "101"
PHONE_A, PHONE_B = "+7 700 000 00 01", "+7 700 000 00 02"


def at(day: int, hour: int = 6) -> datetime:
    """Return a moment in December 2025 (UTC)."""
    return datetime(2025, 12, day, hour, tzinfo=UTC)


def user(user_id: str, team: str, **more: Any) -> dict[str, Any]:
    row = {"id": user_id, "team_name": team, "role": "targetologist"}
    return row | {"updated_at": at(1), "created_at": at(1)} | more


def mapped(source: str, user_id: str, **more: Any) -> dict[str, Any]:
    row = {"utm_source": source, "user_id": user_id, "funnel_type": "express"}
    return row | {"utm_medium": None, "is_active": True} | more


def sale_row(deal_id: int, **more: Any) -> dict[str, Any]:
    row = {"id": f"row-{deal_id}", "deal_id": deal_id, "amount": Decimal(5000)}
    stamps = {"sale_date": at(20), "created_at": at(21), "updated_at": at(21)}
    return row | {"pipeline_id": EXPRESS, "status_id": 142} | stamps | more


def lead(lead_id: str, **more: Any) -> dict[str, Any]:
    row = {"id": lead_id, "name": "Somebody", "source": "challenge3d", "metadata": {}}
    return row | {"created_at": at(18)} | more


def field(code: str, value: str, field_id: int = 1) -> dict[str, Any]:
    values = [{"value": value}]
    return {"field_id": field_id, "field_code": code, "values": values}


def deal(deal_id: int, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    contact_id = more.pop("contact", None)
    contacts = [{"id": contact_id, "is_main": True}] if contact_id else []
    row = {"id": deal_id, "name": "A deal", "price": 5000, "status_id": 142}
    stamps = {"created_at": stamp(19), "closed_at": stamp(20)}
    embedded = {"_embedded": {"contacts": contacts}}
    filled = {"pipeline_id": EXPRESS, "custom_fields_values": list(fields) or None}
    return row | stamps | embedded | filled | more


def source(value: str) -> dict[str, Any]:
    return field("UTM_SOURCE", value)


def contact(contact_id: int, *phones: str) -> dict[str, Any]:
    fields = [field("PHONE", phone) for phone in phones]
    return {"id": contact_id, "name": "A person", "custom_fields_values": fields}


def stamp(day: int, hour: int = 6) -> int:
    return int(at(day, hour).timestamp())


def moved(
    deal_id: int, before: int, after: int, day: int, hour: int = 6
) -> dict[str, Any]:
    def side(status_id: int) -> list[dict[str, Any]]:
        return [{"lead_status": {"id": status_id, "pipeline_id": EXPRESS}}]

    return {
        "id": f"{day:02d}-{hour:02d}-{deal_id}",
        "type": "lead_status_changed",
        "entity_id": deal_id,
        "created_at": stamp(day, hour),
        "value_before": side(before),
        "value_after": side(after),
    }


def ad_day(on: str, spend: str, **more: Any) -> dict[str, Any]:
    row = {"account_id": ACCOUNT, "account_currency": "USD", "date_start": on}
    names = {"campaign_id": "c1", "campaign_name": "Quiet", "adset_id": "s1"}
    return row | names | {"ad_id": "a1", "spend": spend} | more


def account_day(on: str, spend: str, **more: Any) -> dict[str, Any]:
    row = {"account_id": ACCOUNT, "account_currency": "USD", "date_start": on}
    return row | {"spend": spend} | more


def world(
    *,
    landing: dict[str, list[Any]] | None = None,
    traffic: dict[str, list[Any]] | None = None,
    now: datetime = NOW,
    **parts: Any,
) -> World:
    """Put a world together; `parts` are AmoCRM's and Facebook's lists by name."""
    people = {
        "traffic_users": [user("u1", "Alpha"), user("u2", "Beta")],
        "traffic_user_utm_sources": [mapped("buyera", "u1"), mapped("buyerb", "u2")],
    }
    accounts = [
        {
            "id": f"act_{ACCOUNT}",
            "account_id": ACCOUNT,
            "currency": "USD",
            "timezone_name": "Asia/Almaty",
            "created_time": "2024-01-01T00:00:00+0500",
        }
    ]
    names = (
        "campaigns", "ad_sets", "ads", "creatives", "ad_days", "account_days",
        "account_hours",
    )  # fmt: skip
    graph = {name: parts.get(name, []) for name in names}
    crm = {
        name: parts.get(name, []) for name in ("leads", "contacts", "events", "trashed")
    }
    return World(
        options=StoryOptions(now=now),
        now=now,
        databases={
            "landing": landing or {},
            "traffic": people | (traffic or {}),
            "tripwire": {},
        },
        facebook=FacebookWorld(
            access_token="none",
            accounts=parts.get("accounts", accounts),
            # AmoCRM's deals are called leads as well.
            leads=parts.get("form_leads", []),
            **graph,
        ),
        amocrm=AmocrmWorld(
            access_token="none",
            account={},
            users=[],
            pipelines=[],
            custom_fields={"leads": parts.get("fields", [])},
            **crm,
        ),
    )


def marts(**parts: Any) -> dict[str, list[dict[str, Any]]]:
    return expected_marts(world(**parts))


def sales(**parts: Any) -> dict[int, dict[str, Any]]:
    """Return the sale rows of a tiny world by deal."""
    return {row["deal_id"]: row for row in marts(**parts)["sale_attribution"]}


def sale(**parts: Any) -> dict[str, Any]:
    """Return the only sale of a tiny world."""
    (found,) = marts(**parts)["sale_attribution"]
    return found


def leads(**parts: Any) -> dict[str, dict[str, Any]]:
    """Return the lead rows of a tiny world by lead."""
    return {row["lead_id"]: row for row in marts(**parts)["lead_attribution"]}


def decided(row):
    return row["team_name"], row["method"], row["confidence"], row["reason"]


def by_map(*rows, users=(), settings=()):
    people = [user("u1", "Alpha"), user("u2", "Beta"), *users]
    return {
        "traffic_user_utm_sources": list(rows),
        "traffic_users": people,
        "traffic_targetologist_settings": list(settings),
    }


def tagged(value, **more):
    return deal(1, source(value), **more)
