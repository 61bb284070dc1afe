"""What AmoCRM's API says of the deals: documents of v4, events, the trash.

Dictionaries (pipelines, fields, users) belong to `crm_dictionaries.py`.
"""

from datetime import datetime

from pipelines.sandbox.story.calendar import unix
from pipelines.sandbox.story.crm_dictionaries import (
    ACCOUNT_ID,
    EMAIL_FIELD,
    MANAGER_IDS,
    PHONE_FIELD,
    TRACKING_FIELDS,
    custom_fields,
    describe_account,
    describe_users,
    list_pipelines,
)
from pipelines.sandbox.story.deals import LOST, UTM_KEYS, Deal
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import Person, spell_email, spell_phone
from pipelines.sandbox.story.world import AmocrmWorld, Document

TOKEN = "sandbox-amocrm-token"
ULID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def write_crm(draft: Draft) -> AmocrmWorld:
    """Write every deal down as AmoCRM would show it now."""
    dice = draft.dice("crm")
    fields = custom_fields()
    listed = [deal for deal in draft.deals if deal.is_listed]
    known = [deal for deal in draft.deals if deal.is_listed or deal.is_trashed]
    events = [event for deal in known for event in _events(dice, deal)]
    return AmocrmWorld(
        access_token=TOKEN,
        account=describe_account(),
        users=describe_users(),
        pipelines=list_pipelines(),
        custom_fields=fields,
        leads=[_lead(dice, deal, fields["leads"]) for deal in listed],
        contacts=_contacts(dice, listed),
        events=sorted(events, key=lambda event: (event["created_at"], event["id"])),
        trashed=[_stub(deal) for deal in draft.deals if deal.is_trashed],
    )


def _lead(dice: Dice, deal: Deal, fields: list[Document]) -> Document:
    updated_at = max([deal.updated_at, *(moment for _, moment in deal.deletions)])
    return {
        "id": deal.deal_id,
        "name": deal.name,
        "price": deal.price,
        "responsible_user_id": MANAGER_IDS[deal.deal_id % len(MANAGER_IDS)],
        "group_id": 0,
        "status_id": deal.status,
        "pipeline_id": deal.pipeline,
        "loss_reason_id": 700001 if deal.status == LOST else None,
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
        },
    }


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


def _events(dice: Dice, deal: Deal) -> list[Document]:
    if not deal.has_events:
        return []
    events = [_event(dice, deal, "lead_added", deal.created_at)]
    for before, after in zip(deal.moves, deal.moves[1:], strict=False):
        was = {"lead_status": {"id": before.status, "pipeline_id": before.pipeline}}
        now = {"lead_status": {"id": after.status, "pipeline_id": after.pipeline}}
        events.append(
            _event(
                dice,
                deal,
                "lead_status_changed",
                after.moved_at,
                before=was,
                after=now,
            )
        )
    for event_type, moment in deal.deletions:
        events.append(_event(dice, deal, event_type, moment))
    return events


def _event(
    dice: Dice,
    deal: Deal,
    event_type: str,
    happened_at: datetime,
    *,
    before: Document | None = None,
    after: Document | None = None,
) -> Document:
    return {
        "id": _ulid(dice, happened_at),
        "type": event_type,
        "entity_id": deal.deal_id,
        "entity_type": "lead",
        "created_by": 0 if event_type == "lead_added" else MANAGER_IDS[0],
        "created_at": unix(happened_at),
        "value_before": [before] if before else [],
        "value_after": [after] if after else [],
        "account_id": ACCOUNT_ID,
    }


def _ulid(dice: Dice, moment: datetime) -> str:
    """Return an id that sorts by time, as AmoCRM's event ids do."""
    number = (unix(moment) * 1000 << 80) | dice.getrandbits(80)
    letters = ""
    for _ in range(26):
        letters = ULID_LETTERS[number & 31] + letters
        number >>= 5
    return letters


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
