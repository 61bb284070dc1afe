"""Hooks as the second AmoCRM sends them: PHP forms, lost, doubled, shuffled, late.

What they ring for is noted in `truth.py`; what a receiver makes of them belongs to the
tests.
"""

import http.client
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from tests.amocrm.foreign.truth import Document, Ring, Truth

AGENTS = ("amoCRM-Webhooks/3.0", "amoCRM-WebHook-client/1.0")
# Companies arrive under contacts, with a type.
WORDS = {
    "leads": "leads",
    "contacts": "contacts",
    "companies": "contacts",
    "tasks": "task",
}
TYPES = {"contacts": "contact", "companies": "company"}


def body_of(rings: list[Ring], truth: Truth, random: Random) -> bytes:
    """Write a delivery of some rings of one kind as PHP's http_build_query does."""
    items = [_item(ring, truth, random) for ring in rings]
    first = rings[0]
    account = {
        "id": truth.account["id"],
        "subdomain": truth.account["subdomain"],
        "_links": {"self": "https://example.amocrm.ru"},
    }
    some = {WORDS[first.entity]: {first.action: items}}
    whole = {"account": account} | some
    if random.random() < 0.5:
        whole = some | {"account": account}
    return build_query(whole, random).encode()


def build_query(whole: Document, random: Random) -> str:
    is_raw = random.random() < 0.3
    escape = quote if random.random() < 0.3 else quote_plus
    parts = [
        f"{name if is_raw else quote_plus(name)}={escape(value)}"
        for name, value in _flat("", whole)
    ]
    return "&".join(parts)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield names and texts; null and empty lists are left out, as PHP does."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{name}[{key}]" if name else str(key), item)
    elif isinstance(value, list):
        yield from _flat(name, dict(enumerate(value)))
    elif isinstance(value, bool):
        yield name, "1" if value else "0"
    elif value is not None:
        yield name, str(value).encode("utf-8", "replace").decode()


def _item(ring: Ring, truth: Truth, random: Random) -> Document:
    document, old = ring.document, ring.old
    if ring.entity == "tasks":
        return _task(document)
    item: Document = {
        "id": document["id"],
        "name": document.get("name"),
        "responsible_user_id": document.get("responsible_user_id"),
        "old_responsible_user_id": old.get(
            "responsible_user_id", document.get("responsible_user_id")
        ),
        "date_create": document.get("created_at"),
        "last_modified": document.get("updated_at"),
        "created_at": document.get("created_at"),
        "updated_at": document.get("updated_at"),
        "modified_user_id": document.get("updated_by"),
        "account_id": truth.account["id"],
        "custom_fields": _fields(ring, truth, random),
    }
    if ring.entity != "leads":
        leads = truth.leads_of(document["id"]) if ring.entity == "contacts" else []
        item |= {
            "type": TYPES[ring.entity],
            "linked_leads_id": {lead: {"ID": lead} for lead in leads},
        }
        return item
    item |= {
        "status_id": document.get("status_id"),
        "old_status_id": old.get("status_id", document.get("status_id")),
        "price": "" if document.get("price") is None else document["price"],
        "pipeline_id": document.get("pipeline_id"),
    }
    if ring.action == "delete":
        return {k: item[k] for k in ("id", "status_id", "pipeline_id")}
    if ring.action == "status" and random.random() < 0.5:
        # A hook of the Digital Pipeline: no time, no name.
        kept = ("id", "status_id", "pipeline_id", "old_status_id")
        return {k: item[k] for k in kept}
    return item


def _fields(ring: Ring, truth: Truth, random: Random) -> list[Document]:
    shown = []
    for field_id, values in (ring.document.get("fields") or {}).items():
        known = truth.fields[ring.entity].get(field_id)
        if known is None:
            continue
        item = {"id": field_id, "name": known["name"], "code": known["code"]}
        # Some bodies list a field without its values.
        if random.random() < 0.8:
            item["values"] = [
                {"value": value.get("value")}
                if isinstance(value, dict) and not isinstance(value.get("value"), dict)
                else str(value)
                for value in values
            ]
        if known["type"] in ("radiobutton", "date"):
            item["values"] = {"value": str(values)}
        shown.append(item)
    return shown


def _task(document: Document) -> Document:
    return {
        "id": document["id"],
        "element_id": document.get("entity_id"),
        "element_type": 2,
        "task_type": document.get("task_type_id"),
        "date_create": "2025-12-06 12:00:00",
        "text": document.get("text"),
        "status": int(bool(document.get("is_completed"))),
        "account_id": document.get("account_id"),
        "created_user_id": document.get("created_by"),
        "last_modified": "2025-12-06 12:00:01",
        "complete_till": "2025-12-07 23:59:00",
        "updated_at": document.get("updated_at"),
    }


@dataclass
class Sender:
    """Sends what rings, as badly as it is told to."""

    url: str
    truth: Truth
    random: Random
    lose: float = 0.0
    double: float = 0.0
    shuffle: bool = False
    # Deliveries that were not taken are tried again with the next ones.
    waiting: list[tuple[bytes, str]] = field(default_factory=list)
    # At which step an entity rang last, of the hooks that were not lost.
    rung: dict[tuple[str, int], int] = field(default_factory=dict)
    ever: set[tuple[str, int]] = field(default_factory=set)
    happened: Counter[str] = field(default_factory=Counter)

    def send(self, *, is_down: bool = False) -> None:
        """Send everything that rang since; what is not taken waits."""
        rings, self.truth.rings = self.truth.rings, []
        for group in self._groups(rings):
            keys = {(ring.entity, int(ring.document["id"])) for ring in group}
            if self.random.random() < self.lose:
                self.happened["lost"] += 1
                continue
            self.rung |= dict.fromkeys(keys, max(ring.step for ring in group))
            self.ever |= keys
            body = body_of(group, self.truth, self.random)
            delivery = (body, str(uuid.UUID(int=self.random.getrandbits(128))))
            self.waiting.append(delivery)
            if self.random.random() < self.double:
                self.waiting.append(delivery)
                self.happened["doubled"] += 1
        if self.shuffle:
            self.random.shuffle(self.waiting)
        if is_down:
            self.happened["kept back"] += len(self.waiting)
            return
        self.waiting = [one for one in self.waiting if not self._deliver(*one)]

    def _groups(self, rings: list[Ring]) -> Iterator[list[Ring]]:
        """Put some neighbours of one kind into one delivery."""
        group: list[Ring] = []
        for ring in rings:
            kind = (ring.entity, ring.action)
            if group and (
                (group[0].entity, group[0].action) != kind or self.random.random() < 0.5
            ):
                yield group
                group = []
            group.append(ring)
        if group:
            yield group

    def _deliver(self, body: bytes, request_id: str) -> bool:
        address = urlsplit(self.url)
        assert address.hostname
        connection = http.client.HTTPConnection(
            address.hostname, address.port, timeout=5
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": self.random.choice(AGENTS),
            "X-amoCRM-RequestId": request_id,
        }
        try:
            connection.request("POST", address.path, body, headers)
            status = connection.getresponse().status
        except OSError:
            status = 0
        finally:
            connection.close()
        self.happened[f"answered {status}"] += 1
        return 100 <= status < 300
