"""The second AmoCRM: one account behind its tokens, its troubles and its storms.

It shares no code with the sandbox's. Bytes and sockets belong to `server.py`.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.amocrm.foreign.asking import Answer, Asked, Asking, problem, understand
from tests.amocrm.foreign.people import People
from tests.amocrm.foreign.showing import canonical, text
from tests.amocrm.foreign.tokens import Tokens
from tests.amocrm.foreign.troubles import Troubles
from tests.amocrm.foreign.truth import ENTITIES, Truth


@dataclass(frozen=True)
class Request:
    """One request and how it ended."""

    method: str
    asked: Asked
    status: int
    rows: int


def nobody(_: int) -> None:
    """Do nothing at a request."""


class ForeignCrm:
    """Answers requests; people work while it does."""

    def __init__(self, truth: Truth, *, seed: int = 0) -> None:
        self.truth = truth
        self.random = Random(f"crm {seed}")
        self.people = People(truth, Random(f"people {seed}"))
        self.asking = Asking(truth, self.random)
        self.tokens = Tokens(truth)
        self.troubles = Troubles()
        # Acts after each request, and the share of requests with a mass act.
        self.acts = 0
        self.masses: dict[int, str] = {}
        self.calls: list[Request] = []
        # Every content in which an entity was ever shown, in order, and its step.
        self.shown: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._shown_at: dict[tuple[str, int], int] = {}
        # What is expected of an entity, as of a step and a set of `with`.
        self.expected: dict[tuple[str, int], tuple[int, Collection[str], str]] = {}
        # By entity: the sets of `with` that its list was asked with.
        self.withs: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        self.writes: list[str] = []
        # Errors of this account's own making: it is wrong, not who asks.
        self.broken: list[str] = []
        # Told of each request before it is answered, and after.
        self.on_request: Callable[[int], None] = nobody
        self.on_answer: Callable[[int], None] = nobody
        self.lock = threading.RLock()

    def answer(
        self,
        method: str,
        path: str,
        query: str,
        form: Mapping[str, Any],
        authorization: str,
    ) -> Answer:
        with self.lock:
            self.on_request(len(self.calls))
            asked = understand(path.removeprefix("/api/v4/"), query)
            answer = self._answer(method, path, asked, form, authorization)
            rows = self._note(asked, answer) if answer.status == 200 else 0
            self.calls.append(Request(method, asked, answer.status, rows))
            if mass := self.masses.pop(len(self.calls), None):
                self.people.do(mass)
            self.people.act(self.acts)
            self.truth.now += self.random.choice((0, 0, 1))
            return answer

    def _answer(
        self, method: str, path: str, asked: Asked, form: Any, authorization: str
    ) -> Answer:
        if method == "POST" and path == "/oauth2/access_token":
            return self.tokens.exchange(form)
        if method != "GET":
            self.writes.append(f"{method} {path}")
            return problem(405, "Method Not Allowed")
        if not path.startswith("/api/v4/"):
            return problem(404, "Not Found")
        if (refused := self.tokens.check(authorization)) is not None:
            return refused
        trouble = self.troubles.before(asked, len(self.calls), self.random)
        if trouble is not None and trouble.status:
            return trouble
        answer = self.asking.answer(asked)
        if trouble is not None:
            answer.trick = trouble.trick
        return answer

    def _note(self, asked: Asked, answer: Answer) -> int:
        """Remember what was shown; return the number of rows."""
        body = answer.body
        if answer.trick or not isinstance(body, dict) or "_embedded" not in body:
            return 0
        lists = [rows for rows in body["_embedded"].values() if isinstance(rows, list)]
        rows = [row for some in lists for row in some]
        entity = asked.path.split("/")[0]
        is_entity = asked.path in ENTITIES and "only_deleted" not in asked.with_
        if is_entity:
            self.withs[entity][tuple(sorted(asked.with_))] += 1
            for row in body["_embedded"].get(entity, []):
                key = (entity, row["id"])
                # In another mood it would be the same content.
                if self._shown_at.get(key) != self.truth.touched.get(key):
                    self._shown_at[key] = self.truth.touched[key]
                    self.shown[key].append(text(canonical(row)))
        return len(rows)
