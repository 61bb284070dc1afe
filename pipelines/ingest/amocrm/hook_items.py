"""What a webhook delivery rings for: the entities that its form names.

A hook is a doorbell: of what it says only ids are acted on, the rest are hints. How the
bytes become a form belongs to `forms.py`, what is stored to `inbox.py`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Form = Mapping[str, object]
# What is read again by id; all else is noted and ignored.
REREAD = frozenset({"leads", "contacts", "companies", "tasks"})
# The hooks' words for them, and whom a note or a task stands by.
ENTITIES = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "task": "tasks",
    "1": "contacts",
    "2": "leads",
    "3": "companies",
}
WORD = re.compile(r"[a-z][a-z_]{0,39}")
ID = re.compile(r"[1-9][0-9]{0,18}")
LARGEST_ID = 2**63 - 1
# Unix seconds that can be a change in a CRM: the years 2001 to 2100.
MOMENT = range(978_307_200, 4_102_444_800)
CREATED = ("created_at", "date_create", "updated_at", "last_modified")
CHANGED = ("updated_at", "last_modified", "created_at", "date_create")


@dataclass(frozen=True)
class Account:
    """The account whose hooks are believed."""

    id: int
    subdomain: str | None = None


@dataclass(frozen=True)
class Item:
    """One entity that a delivery names, and what it says about it."""

    entity_type: str
    entity_id: int | None
    action: str
    pipeline_id: int | None = None
    status_id: int | None = None
    old_status_id: int | None = None
    hinted_at: datetime | None = None

    @property
    def is_work(self) -> bool:
        """Tell whether the entity is to be read again."""
        return self.entity_type in REREAD and self.entity_id is not None


def find_stranger(form: Form, account: Account) -> str | None:
    """Return why a form is not from this account; None: it is."""
    told = form.get("account")
    if not isinstance(told, Mapping):
        return "no account is named"
    number, subdomain = told.get("id"), told.get("subdomain")
    if not isinstance(number, str) or not isinstance(subdomain, str):
        return "the account has no id or no subdomain"
    if read_id(number) != account.id:
        return "another account's id"
    if account.subdomain and subdomain.casefold() != account.subdomain.casefold():
        return "another account's subdomain"
    return None


def find_silence(items: Sequence[Item]) -> str | None:
    """Return why a delivery rings for nothing though it should; None: it is right."""
    if not items:
        return "no entity is named"
    is_ours = any(item.entity_type in REREAD for item in items)
    if is_ours and all(item.entity_id is None for item in items):
        return "no entity has an id"
    return None


def read_items(form: Form) -> list[Item]:
    """Return what a form rings for, in its order; every document is at least one."""
    items: list[Item] = []
    for name, actions in form.items():
        if name == "account":
            continue
        if not isinstance(actions, Mapping):
            items.append(Item(_word(name), None, "unknown"))
            continue
        for action, documents in actions.items():
            for document in _documents(documents):
                items.extend(_items(_word(name), _word(action), document))
    return items


def read_id(value: object) -> int | None:
    """Return an id of the CRM; None for anything else."""
    if isinstance(value, str) and ID.fullmatch(value) and int(value) <= LARGEST_ID:
        return int(value)
    return None


def _word(name: str) -> str:
    """Return a word of the hook's language; what is none is not repeated."""
    return name if WORD.fullmatch(name) else "unreadable"


def _documents(value: object) -> list[Form]:
    """Return the documents of an action: a list, a map by number, or one alone."""
    if isinstance(value, Mapping):
        inner = list(value.values())
        is_one = "id" in value or not all(isinstance(one, Mapping) for one in inner)
        return [value] if is_one else inner
    if isinstance(value, list):
        return [one if isinstance(one, Mapping) else {} for one in value]
    return [{}]


def _items(name: str, action: str, document: Form) -> Iterator[Item]:
    if name == "unsorted":
        yield from _unsorted_items(action, document)
    elif isinstance(note := document.get("note"), Mapping):
        kind = ENTITIES.get(str(note.get("element_type")), _entity(name, document))
        yield _item(kind, action, note, number=note.get("element_id"))
    else:
        yield _item(
            _entity(name, document), action, document, number=document.get("id")
        )


def _unsorted_items(action: str, document: Form) -> Iterator[Item]:
    """Ring for what an unsorted request became: accepting it links its contact."""
    said = document.get("action")
    outcome = _word(said) if isinstance(said, str) else action
    yield _item("unsorted", outcome, document, number=document.get("lead_id"))
    named = {("leads", read_id(document.get("lead_id")))}
    for part in ("accept_result", "decline_result", "data"):
        found = document.get(part)
        if isinstance(found, Mapping):
            for kind in ("leads", "contacts", "companies"):
                named |= {(kind, number) for number in _ids(found.get(kind))}
    for kind, number in sorted((kind, number) for kind, number in named if number):
        yield Item(kind, number, f"unsorted_{outcome}"[:40], hinted_at=_hint(document))


def _ids(value: object) -> list[int | None]:
    """Return ids that stand as a list or a map, bare or in objects."""
    inner: Iterable[object] = [value]
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return [
        read_id(one.get("id") if isinstance(one, Mapping) else one) for one in inner
    ]


def _entity(name: str, document: Form) -> str:
    """Return the entity's table: companies come under contacts."""
    if name in ("contact", "contacts") and document.get("type") == "company":
        return "companies"
    return ENTITIES.get(name, name)


def _item(kind: str, action: str, document: Form, *, number: object) -> Item:
    return Item(
        entity_type=kind,
        entity_id=read_id(number),
        action=action,
        pipeline_id=read_id(document.get("pipeline_id")),
        status_id=read_id(document.get("status_id")),
        old_status_id=read_id(document.get("old_status_id")),
        hinted_at=_hint(document, is_new=action == "add"),
    )


def _hint(document: Form, *, is_new: bool = False) -> datetime | None:
    """Return when the change was, where the hook says it in unix seconds.

    Tasks say some of their times by a clock whose zone they do not tell.
    """
    for name in CREATED if is_new else CHANGED:
        number = read_id(document.get(name))
        if number is not None and number in MOMENT:
            return datetime.fromtimestamp(number, UTC)
    return None
