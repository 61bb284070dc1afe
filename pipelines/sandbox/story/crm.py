"""What AmoCRM's API says of the deals and their people: documents of v4, the trash.

Dictionaries (pipelines, fields, users) belong to `crm_dictionaries.py`, the feed to
`crm_events.py`, everything beside deals and contacts to `crm_lists.py`.
"""

import operator
from collections.abc import Callable
from datetime import datetime

from pipelines.sandbox.story.calendar import unix
from pipelines.sandbox.story.crm_dictionaries import (
    ACCOUNT_ID,
    EMAIL_FIELD,
    LOSS_REASONS,
    MANAGER_IDS,
    PHONE_FIELD,
    TRACKING_FIELDS,
    custom_fields,
    describe_account,
    describe_users,
    list_pipelines,
    manager_of,
)
from pipelines.sandbox.story.crm_events import deal_events, deal_history
from pipelines.sandbox.story.crm_lists import write_lists
from pipelines.sandbox.story.deals import LOST, UTM_KEYS, Deal
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import Person, spell_email, spell_phone
from pipelines.sandbox.story.world import AmocrmWorld, Document

TOKEN = "sandbox-amocrm-token"


def write_crm(draft: Draft) -> AmocrmWorld:
    """Write every deal down as AmoCRM would show it now.

    The history's deals are written with chance of their own, after all the others.
    """
    told, later = draft.deals[: draft.told], draft.deals[draft.told :]
    first = _written(draft.dice("crm"), told, deal_events)
    dice = draft.dice("crm history")
    lists = write_lists(dice, later)
    second = _written(dice, later, deal_history)
    leads, contacts, events = map(operator.add, first, second)
    return AmocrmWorld(
        access_token=TOKEN,
        account=describe_account(),
        users=describe_users(),
        pipelines=list_pipelines(),
        custom_fields=custom_fields(),
        leads=leads,
        contacts=contacts,
        events=sorted(
            [*events, *lists.events],
            key=lambda event: (event["created_at"], event["id"]),
        ),
        trashed=[_stub(deal) for deal in draft.deals if deal.is_trashed],
        companies=lists.companies,
        tasks=lists.tasks,
        loss_reasons=lists.loss_reasons,
        tags=lists.tags,
        sources=lists.sources,
        catalogs=lists.catalogs,
        catalog_elements=lists.catalog_elements,
        webhooks=lists.webhooks,
    )


Written = tuple[list[Document], list[Document], list[Document]]


def _written(
    dice: Dice, deals: list[Deal], events_of: Callable[[Dice, Deal], list[Document]]
) -> Written:
    """Write leads, contacts and events; the dice are cast for events first."""
    fields = custom_fields()["leads"]
    listed = [deal for deal in deals if deal.is_listed]
    events = [
        event for deal in deals if deal.is_known for event in events_of(dice, deal)
    ]
    leads = [_lead(dice, deal, fields) for deal in listed]
    return leads, _contacts(dice, listed), events


def _lead(dice: Dice, deal: Deal, fields: list[Document]) -> Document:
    updates = [change.changed_at for change in deal.changes if change.is_update]
    deleted = [moment for _, moment in deal.deletions]
    updated_at = max([deal.updated_at, *deleted, *updates])
    document = {
        "id": deal.deal_id,
        "name": deal.name,
        "price": deal.price,
        "responsible_user_id": manager_of(deal.deal_id),
        "group_id": 0,
        "status_id": deal.status,
        "pipeline_id": deal.pipeline,
        "loss_reason_id": LOSS_REASONS[0]["id"] if deal.status == LOST else None,
        "created_by": 0,
        "updated_by": MANAGER_IDS[0],
        "created_at": unix(deal.created_at),
        "updated_at": unix(updated_at),
        "closed_at": unix(deal.closed_at) if deal.closed_at else None,
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": _values(deal, fields) or None,
        "score": None,
        "account_id": ACCOUNT_ID,
        "labor_cost": None,
        "is_price_computed": False,
        "_embedded": {
            "tags": [{"id": 501, "name": "landing", "color": None}]
            if dice.chance(0.3)
            else [],
            "companies": [],
            "contacts": _links(deal),
            **deal.embedded,
        },
        **deal.document,
    }
    if reason_id := document["loss_reason_id"]:
        document["_embedded"] |= {"loss_reason": _reason(deal.deal_id, reason_id)}
    return document


def _reason(deal_id: int, reason_id: int) -> Document | list[Document]:
    """Return the reason of a loss: the documentation shows a list and an object."""
    reason = next(one for one in LOSS_REASONS if one["id"] == reason_id)
    return [dict(reason)] if deal_id % 2 == 0 else dict(reason)


def _links(deal: Deal) -> list[Document]:
    if not deal.has_contact:
        return []
    people = [deal.person, *deal.companions]
    return [
        {"id": person.contact_id, "is_main": number == 0}
        for number, person in enumerate(people)
    ]


def _values(deal: Deal, fields: list[Document]) -> list[Document]:
    """Fill the system's tracking fields, then those that people made by hand."""
    filled = {
        TRACKING_FIELDS[f"UTM_{key.upper()}"]: value
        for key in UTM_KEYS
        if (value := deal.utm.get(key))
    }
    filled |= deal.hand_fields
    return [
        {
            "field_id": field["id"],
            "field_name": field["name"],
            "field_code": field["code"],
            "field_type": field["type"],
            "values": [{"value": filled[field["id"]]}],
        }
        for field in fields
        if field["id"] in filled
    ]


def _contacts(dice: Dice, deals: list[Deal]) -> list[Document]:
    people: dict[int, Person] = {}
    seen_at: dict[int, datetime] = {}
    deals_of: dict[int, list[int]] = {}
    for deal in deals:
        for person in [deal.person, *deal.companions] if deal.has_contact else []:
            people[person.contact_id] = person
            deals_of.setdefault(person.contact_id, []).append(deal.deal_id)
            seen_at[person.contact_id] = max(
                seen_at.get(person.contact_id, deal.created_at), deal.created_at
            )
    return [
        _contact(dice, person, seen_at[contact_id], deals_of[contact_id])
        for contact_id, person in sorted(people.items())
    ]


def _contact(
    dice: Dice, person: Person, seen_at: datetime, deal_ids: list[int]
) -> Document:
    phones = [person.phone, *person.extra_phones]
    mails = [person.email, *person.extra_emails]
    values = []
    if phones != [""]:
        spelled = [spell_phone(dice, one) for one in phones]
        values.append(_multitext(PHONE_FIELD, "Телефон", "PHONE", spelled))
    if dice.chance(0.85):
        spelled = [spell_email(dice, one) for one in mails]
        values.append(_multitext(EMAIL_FIELD, "Email", "EMAIL", spelled))
    return {
        "id": person.contact_id,
        "name": person.name,
        "first_name": "",
        "last_name": "",
        "responsible_user_id": MANAGER_IDS[0],
        "group_id": 0,
        "created_by": 0,
        "updated_by": 0,
        "created_at": unix(seen_at),
        "updated_at": unix(seen_at),
        "closest_task_at": None,
        "is_deleted": False,
        "is_unsorted": False,
        "custom_fields_values": values or None,
        "account_id": ACCOUNT_ID,
        "_embedded": {
            "tags": [],
            "companies": [],
            "leads": [{"id": deal_id} for deal_id in deal_ids],
        },
    }


def _multitext(field_id: int, name: str, code: str, texts: list[str]) -> Document:
    kinds = ("WORK", "MOB", "OTHER") if code == "PHONE" else ("WORK", "PRIV", "OTHER")
    return {
        "field_id": field_id,
        "field_name": name,
        "field_code": code,
        "field_type": "multitext",
        "values": [
            {"value": text, "enum_id": 9000 + number, "enum_code": kinds[number % 3]}
            for number, text in enumerate(texts)
        ],
    }


def _stub(deal: Deal) -> Document:
    """Return what the trash still tells of a deal: hardly anything."""
    deleted_at = deal.deletions[-1][1]
    keys = (
        "name", "price", "responsible_user_id", "group_id", "status_id",
        "pipeline_id", "loss_reason_id", "created_by", "created_at", "closed_at",
        "closest_task_at", "custom_fields_values", "score", "account_id",
    )  # fmt: skip
    return {
        "id": deal.deal_id,
        "updated_at": unix(deleted_at),
        "updated_by": MANAGER_IDS[0],
        "is_deleted": True,
        **dict.fromkeys(keys),
    }
