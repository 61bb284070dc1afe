"""Events as AmoCRM's feed shows them: their ids and the shapes of their values.

What happened belongs to the work modules, what is shown to `answers.py`.
"""

from pipelines.sandbox.story.world import Document

ULID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
# What the feed calls the entities of the lists.
SINGULAR = {
    "leads": "lead",
    "contacts": "contact",
    "companies": "company",
    "tasks": "task",
}


def ulid(second: int, serial: int) -> str:
    """Return an id that sorts by time, then by the order of happening."""
    number = (second * 1000 << 80) | serial
    letters = ""
    for _ in range(26):
        letters = ULID_LETTERS[number & 31] + letters
        number >>= 5
    return letters


def status_value(status_id: int, pipeline_id: int) -> Document:
    return {"lead_status": {"id": status_id, "pipeline_id": pipeline_id}}


def sale_value(price: float | None) -> Document:
    """Return a price as events tell it; minor units stand beside the whole number."""
    return {
        "sale_field_value": {
            "sale": int(price or 0),
            "sale_with_minor_units": float(price or 0),
        }
    }


def user_value(user_id: int | None) -> Document:
    return {"responsible_user": {"id": user_id}}


def tag_value(name: str) -> Document:
    return {"tag": {"name": name}}


def link_value(entity: str, entity_id: int) -> Document:
    return {"link": {"entity": {"type": SINGULAR[entity], "id": entity_id}}}


def field_values(field: Document, values: list[Document]) -> list[Document]:
    """Return the values of a custom field as events tell them."""
    return [
        {
            "custom_field_value": {
                "field_id": field["id"],
                "field_type": field.get("type"),
                "enum_id": value.get("enum_id"),
                "text": None if value["value"] is None else str(value["value"]),
                "is_masked": False,
            }
        }
        for value in values
    ]
