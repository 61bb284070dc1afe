"""What the second AmoCRM answers to a question: lists, filters, orders, pages.

Tokens, troubles and the storm around a request belong to `crm.py`.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote

from tests.amocrm.foreign.showing import show, stub
from tests.amocrm.foreign.truth import ENTITIES, Document, Truth

BRACKETS = re.compile(r"\[([^]]*)\]")
MAX_LIMIT = 250
DEFAULT_LIMIT = 50
# What each list can be ordered by, as documented; another order is ignored.
ORDERS = {
    "leads": ("updated_at", "created_at", "id"),
    "contacts": ("updated_at", "id"),
    "companies": ("updated_at", "id"),
    "tasks": ("created_at", "complete_till", "id"),
    "elements": (),
}


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    # What the wire does to it: halved, reset, cut, html.
    trick: str = ""


@dataclass(frozen=True)
class Asked:
    """A path and its query, brackets understood."""

    path: str
    pairs: tuple[tuple[tuple[str, ...], str], ...]

    def all(self, *name: str) -> list[str]:
        """Return the values of a name, of its list and of its numbered list."""
        return [
            value
            for keys, value in self.pairs
            if keys[: len(name)] == name
            and (
                len(keys) == len(name)
                or (len(keys) == len(name) + 1 and (keys[-1] or "0").isdecimal())
            )
        ]

    def one(self, *name: str) -> str | None:
        found = self.all(*name)
        return found[-1] if found else None

    @property
    def with_(self) -> set[str]:
        return {part for text in self.all("with") for part in text.split(",") if part}

    def __str__(self) -> str:
        return "&".join(f"{'.'.join(keys)}={value}" for keys, value in self.pairs)


def understand(path: str, query: str) -> Asked:
    pairs = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        head, *_ = name.split("[", 1)
        pairs.append(((head, *BRACKETS.findall(name)), value))
    return Asked(path.strip("/"), tuple(pairs))


class Asking:
    """Answers questions about a truth, with a die for what nobody promises."""

    def __init__(self, truth: Truth, random: Random) -> None:
        self.truth = truth
        self.random = random

    def answer(self, asked: Asked) -> Answer:
        truth, parts = self.truth, asked.path.split("/")
        if parts[0] in ENTITIES and len(parts) == 1:
            return self._entities(asked, parts[0])
        if parts[0] in ENTITIES and len(parts) == 2 and parts[1].isdecimal():
            return self._entity(asked, parts[0], int(parts[1]))
        if parts[0] == "catalogs" and len(parts) == 3 and parts[2] == "elements":
            elements = truth.elements.get(int(parts[1]))
            if elements is None:
                return problem(404, "Not Found")
            return self._rows(asked, "elements", [*elements.values()])
        if len(parts) == 2 and parts[1] in ("custom_fields", "tags"):
            shelf = truth.fields if parts[1] == "custom_fields" else truth.tags
            return self._rows(asked, parts[1], [*shelf[parts[0]].values()])
        simple: dict[str, Callable[[], Answer]] = {
            "account": lambda: Answer(200, {**truth.account, "_links": {}}),
            "users": lambda: self._rows(asked, "users", [*truth.users.values()]),
            "leads/pipelines": self._pipelines,
            "leads/loss_reasons": lambda: self._rows(
                asked, "loss_reasons", [*truth.loss_reasons.values()]
            ),
            "sources": lambda: self._rows(asked, "sources", [*truth.sources.values()]),
            "catalogs": lambda: self._rows(
                asked, "catalogs", [*truth.catalogs.values()]
            ),
            "webhooks": lambda: self._rows(
                asked, "webhooks", [*truth.webhooks.values()]
            ),
            "events": lambda: self._events(asked),
        }
        if asked.path in simple:
            return simple[asked.path]()
        return problem(404, "Not Found")

    def _entities(self, asked: Asked, entity: str) -> Answer:
        truth, with_ = self.truth, asked.with_
        if "only_deleted" in with_ and entity == "leads":
            rows = [stub(document) for document in truth.trash.values()]
            deaf = truth.habits.filters_ignored
            wanted = [row for row in rows if deaf or _obeys(row, asked)]
            return self._page(asked, "leads", self._ordered(wanted, asked), lambda r: r)
        living = truth.living[entity]
        deaf = truth.habits.filters_ignored and entity != "tasks"
        rows = [
            living[one]
            for one in truth.shown(entity)
            if deaf or _obeys(living[one], asked)
        ]
        return self._page(
            asked,
            entity,
            self._ordered(rows, asked),
            lambda row: show(truth, entity, row["id"], with_, self.random),
        )

    def _entity(self, asked: Asked, entity: str, one: int) -> Answer:
        if one in self.truth.shown(entity):
            body = show(self.truth, entity, one, asked.with_, self.random)
            return Answer(200, body)
        if self.truth.habits.deleted_by_id == "stub" and one in self.truth.trash:
            return Answer(200, stub(self.truth.trash[one]))
        return (
            problem(404, "Not Found")
            if self.truth.habits.deleted_by_id == "404"
            else Answer(204)
        )

    def _pipelines(self) -> Answer:
        rows = [*self.truth.pipelines.values()]
        body = {
            "_total_items": len(rows),
            "_links": {},
            "_embedded": {"pipelines": rows},
        }
        return Answer(200, body)

    def _rows(self, asked: Asked, name: str, rows: list[Document]) -> Answer:
        rows = sorted(rows, key=lambda row: int(row["id"]))
        return self._page(asked, name, rows, dict)

    def _events(self, asked: Asked) -> Answer:
        truth, kinds = self.truth, set(asked.all("filter", "type"))
        special = {kind for kind in kinds if kind.startswith("custom_field_")}
        if special and len(kinds) > 1 and truth.habits.mixed_events == "refused":
            return problem(400, "Bad Request")
        if special and len(kinds) > 1:
            kinds -= special
        seen = truth.now - truth.habits.events_lag
        entity_ids = set(asked.all("filter", "entity_id"))
        if len(entity_ids) > 10:
            return problem(400, "Bad Request")
        rows = [
            row
            for row in truth.events
            if row["created_at"] <= seen
            and (not kinds or row["type"] in kinds)
            and (not entity_ids or str(row["entity_id"]) in entity_ids)
            and _between(row["created_at"], asked, "created_at")
        ]
        direction = asked.one("order", "created_at") or "desc"
        rows = self._sorted(rows, "created_at", direction == "desc")
        return self._page(
            asked, "events", rows, self._event, cap=truth.habits.events_cap
        )

    def _event(self, row: Document) -> Document:
        entity = {"id": row["entity_id"], "_links": {}}
        return {**row, "_links": {}, "_embedded": {"entity": entity}}

    def _ordered(self, rows: list[Document], asked: Asked) -> list[Document]:
        known = ORDERS[asked.path] if self.truth.habits.orders_as_documented else ()
        for name in known or ("updated_at", "created_at", "id"):
            direction = asked.one("order", name)
            if direction in ("asc", "desc"):
                return self._sorted(rows, name, direction == "desc")
        if self.truth.habits.default_order == "random":
            return self.random.sample(rows, k=len(rows))
        return self._sorted(rows, "id", True)

    def _sorted(self, rows: list[Document], name: str, down: bool) -> list[Document]:
        rows = (
            self.random.sample(rows, k=len(rows))
            if self.truth.habits.ties == "random"
            else sorted(rows, key=lambda row: row["id"])
        )
        return sorted(rows, key=lambda row: row[name], reverse=down)

    def _page(
        self,
        asked: Asked,
        name: str,
        rows: list[Document],
        shown: Callable[[Document], Document],
        *,
        cap: int | None = None,
    ) -> Answer:
        habits = self.truth.habits
        page, limit = asked.one("page") or "1", asked.one("limit") or str(DEFAULT_LIMIT)
        if not page.isdecimal() or not limit.isdecimal() or page == "0":
            return problem(400, "Bad Request")
        if int(limit) > MAX_LIMIT:
            return problem(422, "Unprocessable Entity")
        size = min(int(limit), cap or habits.cap)
        first = (int(page) - 1) * size
        some = list(itertools.islice(rows, first, first + size))
        if not some and habits.empty == "204":
            return Answer(204)
        links: Document = {
            "self": {"href": _href(asked, int(page), habits.encoded_links)}
        }
        if habits.next == "always" or (
            habits.next == "right" and len(rows) > first + size
        ):
            href = _href(asked, int(page) + 1, habits.encoded_links)
            links["next"] = {"href": href}
        embedded = {name: [shown(row) for row in some]}
        return Answer(200, {"_page": int(page), "_links": links, "_embedded": embedded})


def _obeys(row: Document, asked: Asked) -> bool:
    ids = asked.all("filter", "id")
    if ids and str(row["id"]) not in ids:
        return False
    return all(
        _between(row.get(name), asked, name) for name in ("updated_at", "created_at")
    )


def _between(moment: int | None, asked: Asked, name: str) -> bool:
    first = asked.one("filter", name, "from") or asked.one("filter", name)
    last = asked.one("filter", name, "to")
    if (first or last) and moment is None:
        return False
    return (not first or (moment or 0) >= int(first)) and (
        not last or (moment or 0) <= int(last)
    )


def _href(asked: Asked, page: int, encoded: bool) -> str:
    text = f"page={page}"
    for keys, value in asked.pairs:
        if keys[0] != "page":
            name = keys[0] + "".join(f"[{key}]" for key in keys[1:])
            text += f"&{quote(name) if encoded else name}={quote(value)}"
    return f"https://example.amocrm.ru/api/v4/{asked.path}?{text}"


def problem(status: int, title: str, **more: Any) -> Answer:
    """Return a refusal as problem+json."""
    body = {"title": title, "type": "https://httpstatus.es/", "status": status, **more}
    return Answer(status, body, {"content-type": "application/problem+json"})
