"""Reads AmoCRM's deals, contacts and events into plain records.

What a deal means as a sale is decided in `sales.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipelines.sandbox.answers.crm_fields import (
    field_dictionary,
    field_values,
    utm_fields,
)
from pipelines.sandbox.answers.identity import Identifier
from pipelines.sandbox.answers.normalise import emails, phones
from pipelines.sandbox.answers.reading import (
    listing,
    mapping,
    moment,
    number,
    text,
    whole,
)
from pipelines.sandbox.story.world import AmocrmWorld, Document


@dataclass(frozen=True)
class CrmDeal:
    """A deal as AmoCRM holds it now."""

    deal_id: int
    price: Decimal | None
    status_id: int | None
    pipeline_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    closed_at: datetime | None
    utm: dict[str, str]
    name: str | None
    contact_names: tuple[str, ...]
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True)
class StageEvent:
    """A deal moved from one status to another."""

    happened_at: datetime
    event_id: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Contact:
    """A contact's name and what identifies the person."""

    name: str | None
    identifiers: tuple[Identifier, ...]


def crm_deals(crm: AmocrmWorld) -> dict[int, CrmDeal]:
    """Return every living deal by id."""
    dictionary = field_dictionary(crm)
    contacts = {whole(row.get("id")): _contact(row) for row in crm.contacts}
    deals = (_deal(row, dictionary, contacts) for row in crm.leads)
    return {deal.deal_id: deal for deal in deals if deal}


def _deal(
    row: Document,
    dictionary: Mapping[int, Document],
    contacts: Mapping[int | None, Contact],
) -> CrmDeal | None:
    deal_id = whole(row.get("id"))
    if deal_id is None:
        return None
    linked = _linked_contacts(row)
    known = [contacts[found] for found in linked if found in contacts]
    main = contacts.get(linked[0]) if linked else None
    price = number(row.get("price_with_minor_units"))
    return CrmDeal(
        deal_id=deal_id,
        price=number(row.get("price")) if price is None else price,
        status_id=whole(row.get("status_id")),
        pipeline_id=whole(row.get("pipeline_id")),
        created_at=moment(row.get("created_at")),
        updated_at=moment(row.get("updated_at")),
        closed_at=moment(row.get("closed_at")),
        utm=utm_fields(row, dictionary),
        name=text(row.get("name")),
        contact_names=tuple(contact.name for contact in known if contact.name),
        identifiers=main.identifiers if main else (),
    )


def _linked_contacts(row: Document) -> list[int]:
    """Return contact ids, the main one first."""
    linked = listing(mapping(row.get("_embedded")).get("contacts"))
    ordered = sorted(linked, key=lambda contact: not contact.get("is_main"))
    ids = (whole(contact.get("id")) for contact in ordered)
    return [found for found in ids if found is not None]


def _contact(row: Document) -> Contact:
    identifiers: list[Identifier] = []
    for field in listing(row.get("custom_fields_values")):
        code = str(field.get("field_code") or "").upper()
        for value in field_values(field):
            if code == "PHONE":
                identifiers += [("phone", found) for found in phones(value)]
            elif code == "EMAIL":
                identifiers += [("email", found) for found in emails(value)]
    return Contact(text(row.get("name")), tuple(identifiers))


def stage_events(crm: AmocrmWorld) -> dict[int, list[StageEvent]]:
    """Return the status changes of each deal, in order."""
    found: dict[int, list[StageEvent]] = {}
    for deal_id, row in _events_of(crm, "lead_status_changed"):
        happened_at = moment(row.get("created_at"))
        if happened_at:
            before, after = (_status(row.get(f"value_{side}")) for side in _SIDES)
            event = StageEvent(happened_at, str(row.get("id")), before, after)
            found.setdefault(deal_id, []).append(event)
    for events in found.values():
        events.sort(key=lambda event: (event.happened_at, event.event_id))
    return found


_SIDES = ("before", "after")


def _status(value: object) -> int | None:
    for entry in listing(value):
        if status := mapping(entry.get("lead_status")):
            return whole(status.get("id"))
    return None


def _events_of(crm: AmocrmWorld, *types: str) -> Iterator[tuple[int, Document]]:
    for row in crm.events:
        deal_id = whole(row.get("entity_id"))
        if row.get("type") in types and deal_id is not None:
            yield deal_id, row


def tombstones(crm: AmocrmWorld, deal_ids: set[int]) -> set[int]:
    """Return the deals that two of three witnesses call deleted.

    Witnesses: the last delete or restore event, a stub in the trash, absence from the
    complete list of deals.
    """
    last: dict[int, tuple[tuple[float, str], str]] = {}
    for deal_id, row in _events_of(crm, "lead_deleted", "lead_restored"):
        happened_at = moment(row.get("created_at"))
        when = (happened_at.timestamp() if happened_at else 0.0, str(row.get("id")))
        last[deal_id] = max(last.get(deal_id, (when, "")), (when, str(row["type"])))
    by_event = {found for found, (_, kind) in last.items() if kind == "lead_deleted"}
    in_trash = {whole(row.get("id")) for row in crm.trashed}
    living = {whole(row.get("id")) for row in crm.leads}
    return {
        deal_id
        for deal_id in deal_ids
        if (deal_id in by_event) + (deal_id in in_trash) + (deal_id not in living) >= 2
    }
