"""A small AmoCRM for tests: as many leads, contacts and events as a claim needs."""

from typing import Any

from pipelines.sandbox.story.world import AmocrmWorld

TOKEN = "a-long-lived-token"
# 2025-12-15 06:00:00 UTC
START = 1_765_778_400
DAY = 86_400


def lead(number: int, *, updated_at: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Deal {number}",
        "price": 5000,
        "pipeline_id": 10350882,
        "status_id": 142,
        "created_at": START,
        "updated_at": START + number if updated_at is None else updated_at,
        "closed_at": START + number,
        "custom_fields_values": None,
        "_embedded": {
            "tags": [],
            "companies": [],
            "contacts": [{"id": 70_000 + number, "is_main": True}],
        },
        **more,
    }


def contact(number: int, *, updated_at: int | None = None) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Student {number}",
        "updated_at": START + number if updated_at is None else updated_at,
        "created_at": START,
        "custom_fields_values": None,
        "_embedded": {"tags": [], "companies": []},
    }


def event(
    number: int,
    *,
    created_at: int | None = None,
    kind: str = "lead_status_changed",
    entity_id: int = 1,
) -> dict[str, Any]:
    return {
        "id": f"01{number:024d}",
        "type": kind,
        "entity_id": entity_id,
        "entity_type": "lead",
        "created_at": START + number if created_at is None else created_at,
        "value_before": [],
        "value_after": [],
    }


def stub(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": None,
        "price": None,
        "is_deleted": True,
        "updated_at": START + number,
        "updated_by": 11,
    }


def custom_field(number: int, entity_type: str) -> dict[str, Any]:
    return {"id": number, "name": f"field {number}", "entity_type": entity_type}


def small_world(
    *,
    leads: list[dict[str, Any]] | None = None,
    contacts: list[dict[str, Any]] | None = None,
    events: list[dict[str, Any]] | None = None,
    fields: int = 3,
) -> AmocrmWorld:
    won = {"id": 142, "name": "Won", "sort": 10_000}
    return AmocrmWorld(
        access_token=TOKEN,
        account={
            "id": 31,
            "name": "School",
            "currency": "KZT",
            "_embedded": {"datetime_settings": {"timezone": "Asia/Almaty"}},
        },
        users=[{"id": 11, "name": "Manager"}],
        pipelines=[
            {
                "id": 10350882,
                "name": "Express",
                "is_archive": False,
                "_embedded": {"statuses": [won]},
            }
        ],
        custom_fields={
            "leads": [custom_field(number, "leads") for number in range(1, fields + 1)],
            "contacts": [custom_field(901, "contacts")],
        },
        leads=[lead(1)] if leads is None else leads,
        contacts=[contact(70_001)] if contacts is None else contacts,
        events=[event(1)] if events is None else events,
        trashed=[],
    )
