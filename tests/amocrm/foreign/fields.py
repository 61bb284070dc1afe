"""Custom fields of the second AmoCRM and what people write into them.

Entities that hold them belong to `founding.py`.
"""

from random import Random
from typing import Any

from tests.amocrm.foreign.truth import Document, Truth

WORDS = (
    "Экспресс", "Флагман", "3D", "интенсив", "Заявка с сайта", "TEST", "🔥 hot 🧑🏽‍🎓",
    "null\x00byte", "O'Brien; drop table", 'quote " and \\', "қазақша әіңғү", "",
    "line\nbreak\ttab", "\u202eright to left", "half \ud83d pair", "x" * 300,
)  # fmt: skip
UTM = ("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM")
TYPES = (
    "text", "numeric", "checkbox", "select", "multiselect", "date", "date_time",
    "birthday", "url", "textarea", "smart_address", "legal_entity", "items",
    "linked_entity", "file", "chained_list", "monetary", "formula", "quantum_ledger",
)  # fmt: skip


def add_field(
    truth: Truth,
    entity: str,
    kind: str,
    name: str,
    *,
    code: str | None = None,
    sort: int = 500,
) -> int:
    one = truth.new_id()
    enums = None
    if kind in ("select", "multiselect", "multitext"):
        enums = [
            {"id": truth.new_id(), "value": f"вариант {number}", "sort": number}
            for number in range(3)
        ]
    truth.fields[entity][one] = {
        "id": one, "name": name, "type": kind, "account_id": truth.account["id"],
        "code": code, "sort": sort, "is_api_only": False, "enums": enums,
        "group_id": None, "required_statuses": [], "is_deletable": code is None,
        "is_predefined": code is not None, "entity_type": entity,
    }  # fmt: skip
    return one


def values(truth: Truth, entity: str, random: Random) -> dict[int, Any]:
    """Return the values of some custom fields, by field."""
    fields = list(truth.fields[entity])
    if not fields or random.random() < 0.3:
        return {}
    some = random.sample(fields, k=min(len(fields), random.randint(1, 6)))
    return {one: value(truth.fields[entity][one], random) for one in some}


def value(field: Document, random: Random) -> list[Any]:
    """Return the values that a field holds."""
    kind = field["type"]
    if kind in ("select", "multiselect"):
        enum = random.choice(field["enums"])
        return [{"value": enum["value"], "enum_id": enum["id"], "enum_code": None}]
    if kind == "multitext":
        number = random.randrange(10**6)
        text = (
            f"+7700{number:07d}"
            if field["code"] == "PHONE"
            else f"p{number}@example.com"
        )
        enum = random.choice(field["enums"])
        one = {"value": text, "enum_id": enum["id"], "enum_code": "WORK"}
        return [one, {**one, "enum_code": "MOB"}][: random.randint(1, 2)]
    if kind in ("numeric", "monetary", "formula"):
        return [{"value": random.choice((0, 7, 12.5, -3, 10**12))}]
    if kind == "checkbox":
        return [{"value": random.random() < 0.5}]
    if kind in ("date", "birthday"):
        return [{"value": random.choice((1_700_000_000, -(10**9), "2020-05-08"))}]
    if kind == "quantum_ledger":
        return [random.choice(({"value": {"deep": [1, {"er": None}]}}, "bare", None))]
    if kind in ("file", "legal_entity", "chained_list", "items", "linked_entity"):
        return [{"value": {"name": random.choice(WORDS), "uuid": None, "n": 1}}]
    return [{"value": random.choice(("", *WORDS, "facebook", "ig_{{ad.name}}"))}]
