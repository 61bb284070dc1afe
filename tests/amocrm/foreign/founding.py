"""How a second AmoCRM begins: dictionaries, people, deals, all invented from a seed.

What happens later belongs to `people.py`.
"""

from dataclasses import dataclass
from random import Random

from tests.amocrm.foreign.fields import TYPES, UTM, WORDS, add_field, values
from tests.amocrm.foreign.habits import Habits
from tests.amocrm.foreign.truth import Document, Truth

BORN = 1_765_000_000
PRICES = (0, 1, 990, 50_000, 290_000, 2**31 + 5, 9_999_999_999, None)


@dataclass(frozen=True)
class Size:
    """How many of each at most."""

    leads: int = 620
    contacts: int = 330
    companies: int = 40
    tasks: int = 120


def found(
    seed: int, *, habits: Habits | None = None, size: Size | None = None
) -> Truth:
    """Return an account of a seed."""
    random, size = Random(f"founding {seed}"), size or Size()
    truth = Truth(habits=habits or Habits(), now=BORN, _random=Random(f"ids {seed}"))
    truth.account = {
        "id": 31_000_000 + seed,
        "name": "Школа",
        "subdomain": "example",
        "created_at": BORN - 10**8,
        "country": "KZ",
        "currency": "KZT",
        "currency_symbol": "₸",
        "current_user_id": 1,
    }
    _dictionaries(truth, random)
    counts = {
        "companies": size.companies,
        "contacts": random.choice((size.contacts, 250)),
        "leads": random.choice((size.leads, 250, 500)),
        "tasks": size.tasks,
    }
    if size.leads < 250:
        counts |= {"contacts": size.contacts, "leads": size.leads}
    spread = max(1, 9 * 10**6 // counts["leads"])
    for entity, count in counts.items():
        for _ in range(count):
            truth.now += random.randint(0, spread // 4)
            add(truth, entity, random)
    # Many of one second from the beginning: an import did that.
    for one in list(truth.living["leads"])[: random.choice((0, 40, 260, 300))]:
        truth.living["leads"][one]["updated_at"] = truth.now - 5000
    truth.now += 10_000
    truth.rings.clear()
    return truth


def _dictionaries(truth: Truth, random: Random) -> None:
    for number in range(random.randint(3, 7)):
        user = truth.new_id()
        truth.users[user] = {
            "id": user,
            "name": f"Менеджер {number}",
            "email": f"manager{number}@example.com",
            "lang": "ru",
            "rights": {"is_admin": number == 0, "is_active": number != 2},
        }
    for number in range(random.randint(2, 4)):
        add_pipeline(truth, number)
    for number in range(3):
        reason = truth.new_id()
        truth.loss_reasons[reason] = {
            "id": reason, "name": f"Причина {number}", "sort": number * 1000,
            "created_at": BORN, "updated_at": BORN,
        }  # fmt: skip
    for number, code in enumerate(UTM):
        add_field(truth, "leads", "tracking_data", code.lower(), code=code, sort=number)
    add_field(truth, "leads", "text", "utm_source")
    for kind in TYPES:
        add_field(truth, "leads", kind, f"поле {kind}")
    for number in range(random.choice((0, 45, 240))):
        add_field(truth, "contacts", "text", f"поле {number}")
    for code in ("PHONE", "EMAIL"):
        add_field(truth, "contacts", "multitext", code, code=code)
        add_field(truth, "companies", "multitext", code, code=code)
    for entity in ("leads", "contacts", "companies"):
        for number in range(random.choice((2, 300)) if entity == "leads" else 2):
            tag = truth.new_id()
            truth.tags[entity][tag] = {"id": tag, "name": f"метка {number}"}
            truth.tags[entity][tag]["color"] = None
    for number in range(2):
        source = truth.new_id()
        truth.sources[source] = {
            "id": source, "name": f"Источник {number}",
            "pipeline_id": next(iter(truth.pipelines)), "external_id": f"e{number}",
            "default": number == 0, "origin_code": None, "services": [],
        }  # fmt: skip
    for kind in ("regular", "invoices"):
        _add_catalog(truth, kind, random.choice((3, 260)))


def add_pipeline(truth: Truth, number: int) -> None:
    one = truth.new_id()
    names = [("Неразобранное", 1, None), ("Новая", 0, None), ("Думает", 0, None)]
    statuses: list[Document] = []
    for sort, (name, kind, _) in enumerate(names):
        statuses.append(_status(truth.new_id(), f"{name} {number}", sort, kind, one))
    statuses.append(_status(142, f"Оплачено {number}", 10_000, 0, one))
    statuses.append(_status(143, "Закрыто и не реализовано", 11_000, 0, one))
    for status in statuses:
        status["account_id"] = truth.account["id"]
    truth.pipelines[one] = {
        "id": one, "name": f"Воронка {number}", "sort": number, "is_main": number == 0,
        "is_unsorted_on": True, "is_archive": number == 2,
        "account_id": truth.account["id"], "_embedded": {"statuses": statuses},
    }  # fmt: skip


def _status(one: int, name: str, sort: int, kind: int, pipeline: int) -> Document:
    return {
        "id": one, "name": name, "sort": sort * 10, "is_editable": kind == 0,
        "pipeline_id": pipeline, "color": "#99ccff", "type": kind,
    }  # fmt: skip


def _add_catalog(truth: Truth, kind: str, count: int) -> None:
    catalog = truth.new_id()
    truth.catalogs[catalog] = {
        "id": catalog, "name": f"Список {kind}", "created_by": 0, "updated_by": 0,
        "created_at": BORN, "updated_at": BORN, "sort": 10, "type": kind,
        "can_add_elements": True, "can_link_multiple": True, "can_be_deleted": True,
        "sdk_widget_code": None, "account_id": truth.account["id"],
    }  # fmt: skip
    for number in range(count):
        add_element(truth, catalog, number)


def add_element(truth: Truth, catalog: int, number: int) -> int:
    one = truth.new_id()
    truth.elements[catalog][one] = {
        "id": one, "catalog_id": catalog, "name": f"Счёт {number}", "created_by": 0,
        "updated_by": 0, "created_at": truth.now, "updated_at": truth.now,
        "is_deleted": False, "custom_fields_values": None,
        "account_id": truth.account["id"],
    }  # fmt: skip
    return one


def add(truth: Truth, entity: str, random: Random, *, by: int = 0) -> int:
    """Add an entity with whatever links it has; tell of it."""
    one = truth.new_id()
    document: Document = {
        "id": one,
        "responsible_user_id": random.choice(list(truth.users)),
        "group_id": 0,
        "created_by": by,
        "updated_by": by,
        "created_at": truth.now,
        "updated_at": truth.now,
        "account_id": truth.account["id"],
    }
    document |= _OWN[entity](truth, random)
    truth.living[entity][one] = document
    if entity == "leads":
        contacts = list(truth.living["contacts"])
        some = min(random.choice((0, 1, 1, 2)), len(contacts))
        for contact in random.sample(contacts, k=some):
            truth.contacts_of[one].append(contact)
            truth.touch("contacts", contact)
        if truth.living["companies"] and random.random() < 0.2:
            company = random.choice(list(truth.living["companies"]))
            truth.company_of["leads", one] = company
            truth.touch("companies", company)
    truth.touch(entity, one)
    truth.log(f"{_singular(entity)}_added", entity, one, by=by)
    truth.ring(entity, "add", one)
    return one


def _singular(entity: str) -> str:
    return {"companies": "company"}.get(entity, entity.removesuffix("s"))


def stage(truth: Truth, random: Random) -> tuple[int, int]:
    """Return a pipeline and a status of it."""
    pipeline = random.choice(list(truth.pipelines.values()))
    return pipeline["id"], random.choice(pipeline["_embedded"]["statuses"])["id"]


def _lead(truth: Truth, random: Random) -> Document:
    pipeline, status = stage(truth, random)
    closed = status in (142, 143)
    return {
        "name": random.choice(WORDS),
        "price": random.choice(PRICES),
        "status_id": status,
        "pipeline_id": pipeline,
        "loss_reason_id": random.choice(list(truth.loss_reasons))
        if status == 143
        else None,
        "closed_at": truth.now if closed else None,
        "closest_task_at": None,
        "is_deleted": False,
        "score": None,
        "labor_cost": None,
        "source_id": random.choice([None, *truth.sources]),
        "is_price_modified_by_robot": random.random() < 0.2,
        "fields": values(truth, "leads", random),
    }


def _contact(truth: Truth, random: Random) -> Document:
    first, last = random.choice(WORDS), random.choice(WORDS)
    return {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "is_deleted": False,
        "is_unsorted": False,
        "closest_task_at": None,
        "fields": values(truth, "contacts", random),
    }


def _company(truth: Truth, random: Random) -> Document:
    return {
        "name": random.choice(WORDS),
        "is_deleted": False,
        "closest_task_at": None,
        "fields": values(truth, "companies", random),
    }


def _task(truth: Truth, random: Random) -> Document:
    lead = random.choice([None, *truth.living["leads"]])
    return {
        "entity_id": lead,
        "entity_type": "leads" if lead else None,
        "is_completed": random.random() < 0.3,
        "task_type_id": random.choice((1, 2)),
        "text": random.choice(WORDS),
        "duration": 0,
        "complete_till": truth.now + 86_400,
        "result": random.choice(([], {"text": "ok"})),
    }


_OWN = {"leads": _lead, "contacts": _contact, "companies": _company, "tasks": _task}
