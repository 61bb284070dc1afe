"""What people, robots and integrations change in a deal, and the event that tells.

The deal is left as the change leaves it: its last event and its document agree.
"""

from datetime import datetime

from pipelines.sandbox.story.crm_dictionaries import (
    MANAGER_IDS,
    TRACKING_FIELDS,
    manager_of,
)
from pipelines.sandbox.story.deals import Author, Change, Deal
from pipelines.sandbox.story.people import Person
from pipelines.sandbox.story.world import Document

ROBOT = Author()
MANAGER, OTHER_MANAGER = Author(MANAGER_IDS[0]), Author(MANAGER_IDS[1])
INTEGRATION = Author(client="6f9d3c50-0000-4000-8000-5a3db0c0ffee")
# How the feed numbers a text field; a tracking field has a number of its own.
TEXT, TRACKING = 1, 23


def reprice(deal: Deal, at: datetime, price: int, author: Author) -> None:
    """Change the price; the feed tells both, in whole and in minor units."""
    before, after = _sale(deal.price or 0), _sale(price)
    deal.changes.append(Change("sale_field_changed", at, author, before, after))
    deal.price = price
    deal.document |= {"is_price_modified_by_robot": author.user_id == 0}


def _sale(price: int) -> Document:
    value = {"sale": price, "sale_with_minor_units": float(price)}
    return {"sale_field_value": value}


def retag(
    deal: Deal, at: datetime, key: str, value: str | None, author: Author
) -> None:
    """Fill, overwrite or erase a tracking field."""
    field_id = TRACKING_FIELDS[f"UTM_{key.upper()}"]
    before = deal.utm.get(key)
    was, now = (_value(field_id, TRACKING, text) for text in (before, value))
    deal.changes.append(Change(_kind(field_id), at, author, was, now))
    deal.utm = {**deal.utm, key: value}


def rewrite(
    deal: Deal, at: datetime, field_id: int, value: str, author: Author
) -> None:
    """Fill or overwrite a field that people made by hand."""
    before = deal.hand_fields.get(field_id)
    was, now = (_value(field_id, TEXT, text) for text in (before, value))
    deal.changes.append(Change(_kind(field_id), at, author, was, now))
    deal.hand_fields = {**deal.hand_fields, field_id: value}


def _kind(field_id: int) -> str:
    return f"custom_field_{field_id}_value_changed"


def _value(field_id: int, field_type: int, text: str | None) -> Document | None:
    value = {
        "field_id": field_id,
        "field_type": field_type,
        "enum_id": None,
        "text": text,
        "is_masked": False,
    }
    return {"custom_field_value": value} if text else None


def hand_over(deal: Deal, at: datetime, user_id: int, author: Author) -> None:
    """Give the deal to another manager."""
    old = deal.document.get("responsible_user_id", manager_of(deal.deal_id))
    was, now = ({"responsible_user": {"id": one}} for one in (old, user_id))
    kind = "entity_responsible_changed"
    deal.changes.append(Change(kind, at, author, was, now))
    deal.document |= {"responsible_user_id": user_id}


def tag(deal: Deal, at: datetime, tag_id: int, name: str) -> None:
    """Hang a tag on the deal, which does not move the time of its last change."""
    change = Change(
        "entity_tag_added", at, MANAGER, after={"tag": {"name": name}}, is_update=False
    )
    deal.changes.append(change)
    tags = deal.embedded.get("tags", [])
    deal.embedded |= {"tags": [*tags, {"id": tag_id, "name": name, "color": None}]}


def link(deal: Deal, at: datetime, person: Person) -> None:
    """Add a second contact, which does not move the time of the last change."""
    entity = {"type": "contact", "id": person.contact_id}
    change = Change(
        "entity_linked",
        at,
        MANAGER,
        after={"link": {"entity": entity}},
        is_update=False,
    )
    deal.changes.append(change)
    deal.companions.append(person)


def merge(
    survivor: Deal, loser: Deal, at: datetime, value: Document | None = None
) -> None:
    """Merge a deal into another: the loser is gone, and nothing says where to.

    What the event holds is published nowhere; `value` is one guess of many.
    """
    change = Change("entity_merged", at, MANAGER, after=value)
    survivor.changes.append(change)
    loser.is_listed, loser.is_vanished = False, True
