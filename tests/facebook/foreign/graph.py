"""The second Graph API: takes a call, counts it, and answers, refuses or breaks.

Bytes and sockets belong to `server.py`. Nothing here is shared with the sandbox.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from tests.facebook.foreign import insights
from tests.facebook.foreign.asking import (
    VERSION,
    Question,
    Refusal,
    category,
    check_credentials,
)
from tests.facebook.foreign.edges import Edges, dressed
from tests.facebook.foreign.faults import BY_NAME, LARGES, LEAK, Fault, Plan
from tests.facebook.foreign.jobs import Jobs
from tests.facebook.foreign.oddness import made_odd
from tests.facebook.foreign.paging import CALM, Oddities, Pager
from tests.facebook.foreign.shapes import Answer, Call, Troubles
from tests.facebook.foreign.truth import Truth

Document = dict[str, Any]
ROOM = {
    "x-app-usage": '{"call_count":3,"total_cputime":1,"total_time":2}',
    "x-fb-ads-insights-throttle": '{"app_id_util_pct":1.5,"acc_id_util_pct":0}',
}


class ForeignGraph:
    """All answers of a truth; threads may ask at the same time."""

    def __init__(
        self,
        truth: Truth,
        *,
        oddities: Oddities = CALM,
        troubles: Troubles | None = None,
        deleted: str = "nothing",
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.truth = truth
        self.troubles = troubles or Troubles()
        self.random = Random(truth.seed)
        self.edges = Edges(truth, deleted=deleted)
        self.pager = Pager(self.random, oddities)
        self.jobs = Jobs(self.random)
        self.clock = clock
        self.calls: list[Call] = []
        # How often each thing that was planned did happen.
        self.happened: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._lock = threading.RLock()

    def plan(self, plan: Plan) -> None:
        """Plan faults for the next calls; they count from here."""
        with self._lock:
            self.troubles.plan = plan
            self._asked.clear()

    def answer(
        self, method: str, target: str, form: Mapping[str, str], agent: str
    ) -> Answer:
        """Answer one call; every call counts, those inside of a batch too."""
        with self._lock:
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            question = self._question(method, parts.path, query | dict(form))
            if "batch" in form and not question.path:
                return self._batch(form, query, agent)
            fault, secret = self._fault(question), self.truth.secret
            try:
                tokens = self._tokens(question)
                check_credentials(query, agent, tokens=tokens, secret=secret)
                self._refuse_for_good(question, parts.path)
                body = (
                    None if fault and fault.body is not None else self._body(question)
                )
            except Refusal as refusal:
                self._count(question, f"{refusal.code}/{refusal.subcode}")
                headers = ROOM | refusal.headers
                return Answer(refusal.status, refusal.body(), headers)
            if fault:
                self._count(question, "fault")
                return self._faulty(fault, question, body)
            self._count(question, "")
            return Answer(200, body, dict(ROOM))

    def _tokens(self, question: Question) -> list[str]:
        """Return the tokens that a call may carry: a page's own for its own things."""
        head = question.path[0] if question.path else ""
        form = self.truth.forms.get(head, {})
        page = self.truth.pages.get(form.get("page_id", head), {})
        token = page.get("access_token")
        if question.category == "leadgen_forms" and token:
            if question.params.get("access_token") != token:
                text = "(#190) This method must be called with a Page Access Token"
                raise Refusal(190, text)
            return [token]
        own = [self.truth.token, self.truth.second_token]
        return [*own, *([token] if token else [])]

    def _question(self, method: str, path: str, params: dict[str, str]) -> Question:
        version, *rest = path.strip("/").split("/")
        question = Question(
            method,
            tuple(rest),
            params,
            category=category(tuple(rest), params),
            trailing_slash=path.endswith("/"),
        )
        head = rest[0] if rest else ""
        run = self.jobs.by_id.get(head)
        account = run.account if run else self.edges.owner(head)
        if run:
            question = replace(question, category="job")
        if version != VERSION:
            question = replace(question, category="old version")
        return replace(question, account=account)

    def _batch(
        self, form: Mapping[str, str], query: Mapping[str, str], agent: str
    ) -> Answer:
        credentials = {k: query[k] for k in query if k != "batch"}
        replies = []
        for call in json.loads(form["batch"]):
            inner = f"/{VERSION}/{call['relative_url'].lstrip('/')}"
            for name, value in credentials.items():
                inner += f"{'&' if '?' in inner else '?'}{name}={quote(value, safe='')}"
            one = self.answer(call["method"], inner, {}, agent)
            if one.trick:
                replies.append(None)
                continue
            text = one.body if isinstance(one.body, str) else json.dumps(one.body)
            headers = [{"name": k, "value": v} for k, v in one.headers.items()]
            replies.append({"code": one.status, "headers": headers, "body": text})
        return Answer(200, replies, dict(ROOM))

    def _fault(self, question: Question) -> Fault | None:
        """Return what is planned for this call; what does not fit waits its turn."""
        key = question.account, self._asked[question.account] + 1
        self._asked[question.account] += 1
        if question.category in self.troubles.halved:
            return BY_NAME["halved"]
        name = self.troubles.plan.pop(key, None)
        if name is None:
            return None
        fault = BY_NAME[name]
        is_list = len(question.path) == 2 and question.method == "GET"
        is_large = fault.kind == "large"
        needs_list = is_large or name.startswith(("data ", "no data", "paging "))
        limit = int(question.params.get("limit", "0"))
        if needs_list and not (is_list and (limit > 25 or not is_large)):
            later = key[0], key[1] + 1
            self.troubles.plan.setdefault(later, name)
            return None
        self.happened[name] += 1
        return fault

    def _faulty(self, fault: Fault, question: Question, body: Any) -> Answer:
        token = self.truth.token
        lower = quote(token, safe="").replace("%7C", "%7c")
        leak = LEAK.replace("{token}", token).replace("{lower}", lower)

        def fill(text: str) -> str:
            for name, value in (
                ("{leak}", leak),
                ("{token}", token),
                ("{digits}", question.account or "1"),
            ):
                text = text.replace(name, value)
            return text

        headers = {name: fill(value) for name, value in fault.headers.items()}
        shown = fill(fault.body) if fault.body is not None else body
        return Answer(fault.status, shown, ROOM | headers, fault.trick)

    def _refuse_for_good(self, question: Question, path: str) -> None:
        version = path.strip("/").split("/")[0]
        if version != VERSION:
            raise Refusal(
                2635, f"(#2635) You are calling a deprecated version {version}"
            )
        digits, troubles = question.account, self.troubles
        if digits in troubles.revoked and question.category != "job":
            troubles.revoked[digits] -= 1
            if troubles.revoked[digits] < 0:
                troubles.denied.add(digits)
        first = question.params.get("access_token") == self.truth.token
        far = first and digits in troubles.second_only
        if digits in troubles.denied or far:
            text = (
                "Ad account owner has NOT grant ads_management or ads_read permission"
            )
            raise Refusal(200, f"(#200) {text}", status=403)
        wait = troubles.throttled_until.get(digits, 0) - self.clock()
        if wait > 0:
            entry = {"type": "ads_insights", "call_count": 100, "total_time": 9}
            entry |= {"estimated_time_to_regain_access": int(wait // 60) + 1}
            headers = {"x-business-use-case-usage": json.dumps({digits: [entry]})}
            raise Refusal(
                80000, "(#80000) too many calls", subcode=2446079, headers=headers
            )

    def _body(self, question: Question) -> Any:
        path, edges = question.path, self.edges
        if question.method == "POST":
            if path[1:] != ("insights",):
                raise Refusal(3, "(#3) Application does not have the capability")
            return self.jobs.create(question, lambda: self._insights(question))
        if path == ("debug_token",):
            return edges.debug_token(question)
        if path == ("me",):
            return {"id": "122000000000001", "name": "Example system user"}
        if len(path) == 1:
            if path[0] in self.jobs.by_id:
                return self.jobs.poll(path[0])
            return self._dressed(question, edges.node(question))
        if len(path) != 2:
            raise Refusal(2500, "Unknown path components", status=400)
        return self._list(question)

    def _list(self, question: Question) -> Document:
        head, edge = question.path
        if head in self.jobs.by_id:
            _, rows = self.jobs.result(head)
        elif edge == "insights":
            rows = self._insights(question)
        else:
            found = self.edges.rows(question)
            if found is None:
                raise Refusal(100, f"(#100) Tried accessing nonexisting field ({edge})")
            rows = found
        self._refuse_size(question, rows)
        page = self.pager.page(question, rows)
        self._mislead(question, page)
        page["data"] = [self._dressed(question, row) for row in page["data"]]
        return page

    def _dressed(self, question: Question, row: Document) -> Document:
        if self.random.random() < self.troubles.odd.get(question.account, 0):
            row = made_odd(row, self.random)
        return dressed(row, self.random, seed=self.truth.seed)

    def _mislead(self, question: Question, page: Document) -> None:
        """Say wrongly where a list goes on, or how long it is."""
        how = self.troubles.paging.get(question.account)
        if how == "count" and "summary" in page:
            page["summary"]["total_count"] += 3
        elif how in ("no after", "repeat") and question.category == "ads":
            cursors = {"after": "QVFIsame"} if how == "repeat" else {}
            page["paging"] = {"cursors": cursors, "next": "https://x.example.com/"}

    def _refuse_size(self, question: Question, rows: list[Document]) -> None:
        digits, is_job = question.account, question.path[0] in self.jobs.by_id
        most = self.troubles.rows_at_most.get(digits)
        never = (
            digits in self.troubles.sync_never and question.category == "ad insights"
        )
        if is_job or not (
            never or (most and question.limit > most and len(rows) > most)
        ):
            return
        fault = LARGES[self.random.choice(list(LARGES))]
        error = json.loads(fault.body or "")["error"]
        raise Refusal(
            error["code"],
            error["message"],
            subcode=error.get("error_subcode"),
            status=fault.status,
        )

    def _insights(self, question: Question) -> list[Document]:
        account = self.truth.accounts[question.account]
        asked = insights.parse(question, account, self.truth.today(account))
        return insights.rows(account, asked, self.troubles.poison)

    def _count(self, question: Question, ended: str) -> None:
        path = "/".join(question.path)
        params = {
            name: value
            for name, value in question.params.items()
            if name not in ("access_token", "appsecret_proof")
        }
        self.calls.append(
            Call(question.account, question.category, path, params, ended)
        )
