"""How the second AmoCRM shows what is true: the documents of its answers.

With a die embedded lists come in any order and in any of their shapes, without one in
the canonical form, in which truth and warehouse are compared. Which documents are
asked for belongs to `asking.py`.
"""

import functools
import json
import math
import re
from collections.abc import Collection
from random import Random
from typing import Any

from tests.amocrm.foreign.truth import Document, Truth

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NOT_SHOWN = ("fields", "deleted_at", "deleted_by")
LEAD_WITH = ("source_id", "is_price_modified_by_robot")


def show(
    truth: Truth,
    entity: str,
    one: int,
    with_: Collection[str] = (),
    random: Random | None = None,
) -> Document:
    """Return a living entity as a list or a read by id shows it."""
    document = truth.living[entity][one]
    shown = {k: v for k, v in document.items() if k not in NOT_SHOWN}
    if entity == "tasks":
        return shown | {"_links": _self(truth, entity, one)}
    fields = _fields(truth, entity, document.get("fields") or {})
    habit = truth.habits.no_fields
    if habit == "mixed":
        habit = random.choice(("null", "list", "absent")) if random else "null"
    if fields or habit != "absent":
        shown["custom_fields_values"] = fields or (None if habit == "null" else [])
    if entity == "leads":
        for name in LEAD_WITH:
            if name not in with_:
                shown.pop(name, None)
        if truth.habits.minor_units and shown["price"] is not None:
            shown["price_with_minor_units"] = shown["price"] + 0.25
    embedded = _embedded(truth, entity, one, with_, random)
    if random and truth.habits.shuffled:
        for rows in embedded.values():
            if isinstance(rows, list):
                random.shuffle(rows)
    return shown | {"_links": _self(truth, entity, one), "_embedded": embedded}


def _embedded(
    truth: Truth, entity: str, one: int, with_: Collection[str], random: Random | None
) -> Document:
    tags = truth.tags[entity]
    embedded: Document = {
        "tags": [dict(tags[tag]) for tag in truth.tagged[entity, one] if tag in tags]
    }
    if entity != "companies":
        embedded["companies"] = []
        company = truth.company_of.get((entity, one))
        if company in truth.living["companies"]:
            embedded["companies"] = [_linked(truth, "companies", company)]
    if entity == "leads":
        if "contacts" in with_:
            embedded["contacts"] = _contacts(truth, one)
        if "catalog_elements" in with_:
            embedded["catalog_elements"] = [
                {
                    "id": element,
                    "metadata": {"quantity": quantity, "catalog_id": catalog},
                }
                for catalog, element, quantity in truth.elements_of[one]
            ]
        reason = truth.living["leads"][one]["loss_reason_id"]
        if "loss_reason" in with_:
            embedded |= _loss_reason(truth, reason, random)
    elif "leads" in with_:
        linked = (
            truth.leads_of(one)
            if entity == "contacts"
            else [
                lead
                for (kind, lead), company in truth.company_of.items()
                if kind == "leads" and company == one and lead in truth.living["leads"]
            ]
        )
        embedded["leads"] = [_linked(truth, "leads", lead) for lead in linked]
    if entity == "contacts" and "catalog_elements" in with_:
        embedded["catalog_elements"] = []
    return embedded


def _contacts(truth: Truth, lead: int) -> list[Document]:
    living = [c for c in truth.contacts_of[lead] if c in truth.living["contacts"]]
    return [
        {**_linked(truth, "contacts", contact), "is_main": number == 0}
        for number, contact in enumerate(living)
    ]


def _loss_reason(truth: Truth, reason: int | None, random: Random | None) -> Document:
    shape = truth.habits.loss_reason
    if shape == "mixed":
        shape = random.choice(("list", "object")) if random else "list"
    document = truth.loss_reasons.get(reason) if reason else None
    if document is None:
        return {"loss_reason": []} if shape == "list" else {}
    copy = {**document, "_links": {"self": {"href": f"/loss/{reason}"}}}
    return {"loss_reason": [copy] if shape == "list" else copy}


def _linked(truth: Truth, entity: str, one: int) -> Document:
    return {"id": one, "_links": _self(truth, entity, one)}


def _fields(truth: Truth, entity: str, values: dict[int, Any]) -> list[Document]:
    shown = []
    for field_id, held in values.items():
        field, items = truth.fields[entity].get(field_id), held
        # A field that was deleted is shown no more.
        if field is None:
            continue
        if truth.habits.numbers_are_text and field["type"] == "numeric":
            items = [{**item, "value": str(item["value"])} for item in items]
        shown.append(
            {
                "field_id": field_id,
                "field_name": field["name"],
                "field_code": field["code"],
                "field_type": field["type"],
                "values": items,
            }
        )
    return shown


def _self(truth: Truth, entity: str, one: int) -> Document:
    # Links repeat the request, so they differ between two answers.
    href = f"https://example.amocrm.ru/api/v4/{entity}/{one}?page={truth.steps}"
    return {"self": {"href": href}}


def stub(document: Document) -> Document:
    """Return what the trash shows of a lead."""
    shown = {name: None for name in document if name not in (*NOT_SHOWN, *LEAD_WITH)}
    return shown | {
        "id": document["id"],
        "updated_at": document["deleted_at"],
        "updated_by": document["deleted_by"],
        "is_deleted": True,
        "custom_fields_values": None,
        "account_id": document["account_id"],
        "_links": {"self": {"href": "/stub"}},
        "_embedded": {"tags": [], "companies": []},
    }


def canonical(value: Any) -> Any:
    """Bring a document into the form that does not depend on the answer's mood."""
    if isinstance(value, dict):
        fresh = {
            canonical(name): canonical(item)
            for name, item in value.items()
            if name != "_links"
        }
        if not fresh.get("custom_fields_values", True):
            del fresh["custom_fields_values"]
        if isinstance(fresh.get("_embedded"), dict):
            fresh["_embedded"] = _in_order(fresh["_embedded"])
        return fresh
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, str):
        return UNSTORABLE.sub("�", value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value


def _in_order(embedded: Document) -> Document:
    reason = embedded.get("loss_reason")
    if isinstance(reason, dict):
        embedded = {**embedded, "loss_reason": [reason]}
    return {
        name: sorted(rows, key=text) if isinstance(rows, list) else rows
        for name, rows in embedded.items()
        if rows
    }


@functools.lru_cache(maxsize=100_000)
def stored(payload: str) -> str:
    """Write a payload of the warehouse, given as its text, as `text` would."""
    return text(canonical(json.loads(payload)))


def text(document: Any) -> str:
    """Write a canonical document, so that two can be compared."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False)
