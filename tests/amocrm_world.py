"""AmoCRMs for tests: a small one, and a living one with everything it can have."""

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


# Stages of the living world's two pipelines, and fields of its deals.
EXPRESS, FLAGMAN, NEW, PAID = 10350882, 10418746, 81856842, 82310105
UTM_SOURCE, TWIN_SOURCE, BIRTHDAY, CHOICE, SWITCH, STRANGE = (
    901,
    902,
    903,
    904,
    905,
    906,
)
PHONE, EMAIL = 951, 952
# What does not fit into 32 bits, as the numbers of large accounts.
LARGE_ID = 2**31 + 7


def living_world(*, leads: int = 20) -> AmocrmWorld:
    """Return an account in which anything can be done, and much is odd."""
    rows = [
        lead(number, pipeline_id=EXPRESS, status_id=NEW, closed_at=None)
        for number in range(1, leads + 1)
    ]
    rows.append(odd_lead())
    people = [contact(70_000 + number) for number in range(1, leads + 1)]
    for number, person in enumerate(people, start=1):
        person["_embedded"]["leads"] = [{"id": number}]
    return AmocrmWorld(
        access_token=TOKEN,
        account={
            "id": 31,
            "name": "School",
            "subdomain": "sandbox",
            "currency": "KZT",
            "current_user_id": 11,
        },
        users=[{"id": 11, "name": "Manager"}, {"id": 12, "name": "Another"}],
        pipelines=[
            pipeline(EXPRESS, "Express", NEW, "Paid"),
            pipeline(FLAGMAN, "Flagman", PAID, "Successful"),
        ],
        custom_fields=_fields(),
        leads=rows,
        contacts=people,
        events=[],
        trashed=[],
        companies=[contact(60_001)],
        tasks=[],
        loss_reasons=[{"id": 7, "name": "Too dear", "sort": 1}],
        tags={"leads": [{"id": 501, "name": "landing", "color": None}]},
        sources=[{"id": 41, "name": "Site", "external_id": "site"}],
        catalogs=[{"id": 1001, "name": "Invoices", "type": "invoices"}],
        catalog_elements=[
            {"id": number, "name": f"Invoice {number}", "catalog_id": 1001,
             "updated_at": START + number}
            for number in range(1, 138)
        ],
    )  # fmt: skip


def odd_lead() -> dict[str, Any]:
    """Return a deal of which every part is legal, and hardly one usual."""
    return lead(
        LARGE_ID,
        name="Сделка 🔥 \x00 ' or 1=1 --",
        price=99_990,
        price_with_minor_units=99_990.55,
        loss_reason_id=7,
        source_id=41,
        custom_fields_values=[
            filled(UTM_SOURCE, "utm_source", "tracking_data", "kestrel",
                   code="UTM_SOURCE"),
            filled(TWIN_SOURCE, "utm_source", "text", "marble"),
            filled(BIRTHDAY, "Birthday", "date", START),
            filled(SWITCH, "Agreed", "radiobutton", "yes"),
            filled(STRANGE, "Hologram", "hologram", {"depth": 1, "of": None}),
        ],
        # Two deals share this person.
        _embedded={"tags": [], "companies": [],
                   "contacts": [{"id": 70_001, "is_main": True}]},
    )  # fmt: skip


def filled(
    number: int, name: str, kind: str, value: Any, *, code: str | None = None
) -> dict[str, Any]:
    return {
        "field_id": number,
        "field_name": name,
        "field_code": code,
        "field_type": kind,
        "values": [{"value": value}],
    }


def pipeline(number: int, name: str, stage: int, won: str) -> dict[str, Any]:
    stages = [
        {"id": stage - 4, "name": "Unsorted", "sort": 10, "type": 1},
        {"id": stage, "name": "New", "sort": 20, "type": 0},
        {"id": stage + 4, "name": "Waiting", "sort": 30, "type": 0},
        {"id": 142, "name": won, "sort": 10_000, "type": 0},
        {"id": 143, "name": "Lost", "sort": 11_000, "type": 0},
    ]
    return {
        "id": number,
        "name": name,
        "is_archive": False,
        "_embedded": {"statuses": [{**row, "pipeline_id": number} for row in stages]},
    }


def _fields() -> dict[str, list[dict[str, Any]]]:
    def one(number: int, name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"id": number, "name": name, "code": None, "type": kind, **more}

    choices = [{"id": 1, "value": "red"}, {"id": 2, "value": "blue"}]
    return {
        "leads": [
            one(UTM_SOURCE, "utm_source", "tracking_data", code="UTM_SOURCE"),
            one(TWIN_SOURCE, "utm_source", "text"),
            one(BIRTHDAY, "Birthday", "date"),
            one(CHOICE, "Colours", "multiselect", enums=choices),
            one(SWITCH, "Agreed", "radiobutton"),
            one(STRANGE, "Hologram", "hologram"),
        ],
        "contacts": [
            one(PHONE, "Phone", "multitext", code="PHONE"),
            one(EMAIL, "Email", "multitext", code="EMAIL"),
        ],
        "companies": [],
        "catalogs/1001": [one(981, "Status", "select", code="BILL_STATUS")],
    }
