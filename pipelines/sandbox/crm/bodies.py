"""The documents of hooks, which are not those of the API: other names, all strings.

Every oddity here was seen in a recorded body. How the text is sent belongs to
`sender.py`, and PHP's way of writing it to `forms.py`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.sandbox.story.world import Document

# AmoCRM's servers write some dates in Moscow's time, without saying so.
MOSCOW = timedelta(hours=3)
ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3}
BARE_TYPES = ("date", "date_time", "birthday")


@dataclass(frozen=True)
class Style:
    """What differs between the bodies of two years, two accounts or two settings.

    `is_digital_pipeline` is the hook of a stage: ids, without a time or an event.
    `utm_without_values` lists the tracking fields and leaves their values out.
    """

    account_first: bool = False
    is_digital_pipeline: bool = False
    utm_without_values: bool = False
    is_old_agent: bool = False


def lead_item(kind: str, lead: Document, old: Document, style: Style) -> Document:
    """Return a deal as a hook tells it."""
    place = {
        "id": lead["id"],
        "status_id": lead.get("status_id"),
        "pipeline_id": lead.get("pipeline_id"),
    }
    before = {
        f"old_{name}": old[name]
        for name in ("status_id", "pipeline_id")
        if name in old and kind == "status"
    }
    if style.is_digital_pipeline or kind == "delete":
        return place | before
    price = lead.get("price")
    return {
        **_common(lead, old),
        **place,
        **before,
        # An unknown price is an empty text here, not a missing one.
        "price": "" if price is None else price,
        "tags": _tags(lead),
        "custom_fields": _custom_fields(lead, style),
    }


def contact_item(
    kind: str, contact: Document, old: Document, style: Style, *, entity: str
) -> Document:
    """Return a contact or a company, which arrives among the contacts."""
    type_name = "company" if entity == "companies" else "contact"
    if kind == "delete":
        return {"id": contact["id"], "type": type_name}
    embedded = contact.get("_embedded") or {}
    deals = [row["id"] for row in embedded.get("leads", [])]
    companies = embedded.get("companies", [])
    return {
        **_common(contact, old),
        "company_name": "",
        "linked_company_id": companies[0]["id"] if companies else "0",
        # A map by the deal's number, which only looks like a list.
        "linked_leads_id": {str(deal): {"ID": deal} for deal in deals},
        "tags": _tags(contact),
        "custom_fields": _custom_fields(contact, style),
        "type": type_name,
    }


def task_item(kind: str, task: Document) -> Document:
    """Return a task: some of its times are texts, some are seconds."""
    if kind == "delete":
        return {"id": task["id"]}
    result = task.get("result") or {}
    return {
        "id": task["id"],
        "element_id": task.get("entity_id"),
        "element_type": ELEMENT_TYPES.get(str(task.get("entity_type")), ""),
        "task_type": task.get("task_type_id"),
        "date_create": _written(task.get("created_at")),
        "text": task.get("text"),
        "status": "1" if task.get("is_completed") else "0",
        "action_close": "1" if task.get("is_completed") else "0",
        "result": {"text": result["text"]} if isinstance(result, dict) and result
        else None,
        "account_id": task.get("account_id"),
        "created_user_id": task.get("created_by"),
        "responsible_user_id": task.get("responsible_user_id"),
        "last_modified": _written(task.get("updated_at")),
        "complete_till": _written(task.get("complete_till")),
        "created_at": task.get("created_at"),
        "updated_at": task.get("updated_at"),
    }  # fmt: skip


def _common(document: Document, old: Document) -> Document:
    responsible = document.get("responsible_user_id")
    return {
        "id": document["id"],
        "name": document.get("name"),
        "responsible_user_id": responsible,
        # Sent even when nobody changed it.
        "old_responsible_user_id": old.get("responsible_user_id", responsible),
        "date_create": document.get("created_at"),
        "last_modified": document.get("updated_at"),
        "created_user_id": document.get("created_by"),
        "modified_user_id": document.get("updated_by"),
        "account_id": document.get("account_id"),
        "created_at": document.get("created_at"),
        "updated_at": document.get("updated_at"),
    }


def _tags(document: Document) -> list[Document]:
    tags = (document.get("_embedded") or {}).get("tags", [])
    return [{"id": tag.get("id"), "name": tag.get("name")} for tag in tags]


def _custom_fields(document: Document, style: Style) -> list[Document]:
    """Return the filled fields; an emptied one is simply not among them."""
    return [
        _custom_field(row, style) for row in document.get("custom_fields_values") or []
    ]


def _custom_field(row: Document, style: Style) -> Document:
    code, kind = row.get("field_code"), row.get("field_type")
    shown = {"id": row["field_id"], "name": row["field_name"], "code": code}
    if style.utm_without_values and str(code).startswith("UTM_"):
        return shown
    values: Any
    if kind == "radiobutton":
        # The only type whose values are one object.
        values = _hook_value(row["values"][0])
    elif kind in BARE_TYPES:
        values = [value["value"] for value in row["values"]]
    else:
        values = [_hook_value(value) for value in row["values"]]
    return shown | {"values": values}


def _hook_value(value: Document) -> Document:
    return {"value": value["value"], "enum": value.get("enum_id")}


def _written(second: int | None) -> str:
    if second is None:
        return ""
    return (datetime.fromtimestamp(second, UTC) + MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
