"""Calls that come through: tried again, paced, and every edge read to its last page.

What is asked for belongs to `extractor.py`, what an error means to `errors.py`, how
long to wait for a limit to `pacing.py`.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookError

from pipelines.extract.facebook.errors import GraphError, Kind, matching_rule
from pipelines.extract.facebook.pacing import Pacer
from pipelines.extract.facebook.pages import Cursor, Document, Page, check_page
from pipelines.extract.facebook.usage import INSIGHTS, LEADS, MANAGEMENT, bare_id

Path = tuple[str, ...]

ATTEMPTS = 6
# What was created a moment ago may take minutes to be found.
YOUNG_JOB_ATTEMPTS = 10
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
# Limits count calls, not rows: large pages first, smaller only on "too large".
PAGE_SIZES = (500, 250, 100, 25)
USE_CASES = {"insights": INSIGHTS, "leads": LEADS, "leadgen_forms": LEADS}


@dataclass
class Tally:
    """How many calls were made and pages read, by account; threads may share it."""

    calls: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, counter: Counter[str], account_id: str | None) -> None:
        with self._lock:
            counter[bare_id(account_id)] += 1


@dataclass(frozen=True)
class Call:
    """One question, and how patiently it is asked."""

    method: str
    path: Path
    params: Mapping[str, Any]
    account_id: str | None
    use_case: str
    young_job: bool = False
    attempts: int = ATTEMPTS

    @property
    def is_job(self) -> bool:
        return self.method == "POST" and self.path[-1] == "insights"


class GraphClient:
    """One credential's access to the Graph API; threads may share it."""

    def __init__(
        self,
        api: FacebookAdsApi,
        pacer: Pacer,
        *,
        jitter: Callable[[], float] = random.random,
        calls: Tally | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._api = api
        self._pacer = pacer
        self._jitter = jitter
        self._tally = calls or Tally()
        self._attempts = attempts
        self._page_steps: dict[tuple[str, str], int] = {}

    def node(
        self,
        node_id: str,
        fields: tuple[str, ...],
        *,
        account_id: str | None = None,
        use_case: str | None = None,
        young_job: bool = False,
        attempts: int | None = None,
    ) -> Document:
        """Read one object."""
        params = {"fields": ",".join(fields)}
        call = self._asked(
            "GET",
            (node_id, ""),
            params,
            account_id=account_id,
            young_job=young_job,
            attempts=attempts,
            use_case=use_case,
        )
        return self._call(call, check=_check_node)

    def get(
        self, path: Path, params: Mapping[str, Any], *, account_id: str | None = None
    ) -> Document:
        """Ask for what is neither an object nor an edge, as the token's own state."""
        return self._call(self._asked("GET", path, params, account_id=account_id))

    def post(
        self, path: Path, params: Mapping[str, Any], *, account_id: str | None = None
    ) -> Document:
        """Send a question that is no GET; it may be sent again, so it must only ask."""
        return self._call(self._asked("POST", path, params, account_id=account_id))

    def pages(
        self,
        path: Path,
        params: Mapping[str, Any],
        *,
        account_id: str | None = None,
        young_job: bool = False,
        follows_next: bool = False,
        attempts: int | None = None,
    ) -> Iterator[Page]:
        """Read an edge page by page, to its last page or an error.

        Goes on while Facebook says `next`, also past an empty page. The page size that
        an edge of an account could answer is kept for its next reading. `follows_next`
        is for edges that page by time: they are asked with what `next` says of it.
        """
        call = self._asked(
            "GET",
            path,
            params,
            account_id=account_id,
            young_job=young_job,
            attempts=attempts,
        )
        cursor = Cursor(follows_next=follows_next)
        while not cursor.is_at_end:
            answer, limit = self._page(call, cursor.params)
            self._tally.add(self._tally.pages, call.account_id)
            cursor.advance(answer)
            yield Page.of(answer, limit=limit)

    def note_refusal(self, error: GraphError, *, account_id: str) -> None:
        """Book a limit that a report job met; the account's next insights wait."""
        self._pacer.after_refusal(error, {}, account_id, 0, use_case=INSIGHTS)

    def page_size(self, path: Path, *, account_id: str | None = None) -> int:
        """Return the size that the edge's next page will be asked in."""
        key = _ladder_key(path, account_id or _account_in(path))
        return PAGE_SIZES[self._page_steps.get(key, 0)]

    def begin_with(self, path: Path, size: int) -> None:
        """Ask an edge of an account in pages of a size that worked before."""
        if size in PAGE_SIZES:
            key = _ladder_key(path, _account_in(path))
            self._page_steps.setdefault(key, PAGE_SIZES.index(size))

    def calls_of(self, account_id: str | None) -> int:
        """Return how many calls were made for an account, those refused included."""
        return self._tally.calls[bare_id(account_id)]

    def pages_of(self, account_id: str | None) -> int:
        """Return how many pages were read for an account."""
        return self._tally.pages[bare_id(account_id)]

    def _asked(
        self,
        method: str,
        path: Path,
        params: Mapping[str, Any],
        *,
        account_id: str | None,
        young_job: bool = False,
        attempts: int | None = None,
        use_case: str | None = None,
    ) -> Call:
        return Call(
            method,
            path,
            params,
            account_id or _account_in(path),
            use_case or USE_CASES.get(path[-1], MANAGEMENT),
            young_job,
            attempts or (YOUNG_JOB_ATTEMPTS if young_job else self._attempts),
        )

    def _page(self, call: Call, position: Mapping[str, str]) -> tuple[Document, int]:
        """Read one page, in smaller ones while it is too large."""
        key = _ladder_key(call.path, call.account_id)
        while True:
            step = self._page_steps.get(key, 0)
            limit = PAGE_SIZES[step]
            params = {**call.params, **position, "limit": limit}
            try:
                return self._call(call, params=params, check=check_page), limit
            except GraphError as error:
                if error.kind is not Kind.TOO_LARGE or step + 1 == len(PAGE_SIZES):
                    raise
                self._page_steps[key] = step + 1

    def _call(
        self,
        call: Call,
        *,
        params: Mapping[str, Any] | None = None,
        check: Callable[[Document], None] = lambda body: None,
    ) -> Document:
        """Call until it works, the attempts are used up or the error is final."""
        failures = refusals = 0
        while True:
            self._pacer.before_call(
                call.account_id, use_case=call.use_case, is_job=call.is_job
            )
            answer = self._answer(call, call.params if params is None else params)
            if not isinstance(answer, GraphError):
                try:
                    check(answer)
                except GraphError as broken:
                    answer = broken
                else:
                    return answer
            if answer.kind is Kind.RATE:
                self._book(answer, call, refusals)
                refusals += 1
                continue
            failures += 1
            if answer.kind is not Kind.TRANSIENT or failures >= call.attempts:
                raise answer
            self._pacer.timer.sleep(self._delay(failures))

    def _answer(self, call: Call, params: Mapping[str, Any]) -> Document | GraphError:
        """Make one call and tell the pacer what its headers say."""
        self._tally.add(self._tally.calls, call.account_id)
        try:
            response = self._api.call(call.method, call.path, params=dict(params))
        except GraphError as error:
            self._pacer.after_call(error.headers, call.account_id)
            return _judged(error, call)
        except FacebookError as error:
            # Not its text: the SDK's errors repeat the whole call.
            message = f"the SDK refuses the call ({type(error).__name__})"
            return GraphError(message, kind=Kind.CONFIG)
        self._pacer.after_call(response.headers(), call.account_id)
        body: Document = response.json()
        return body

    def _book(self, error: GraphError, call: Call, refusals: int) -> None:
        self._pacer.after_refusal(
            error, error.headers, call.account_id, refusals, use_case=call.use_case
        )

    def _delay(self, failures: int) -> float:
        delay = min(FIRST_DELAY_SECONDS * 2.0 ** (failures - 1), LONGEST_DELAY_SECONDS)
        return delay * (1 + self._jitter())


def _judged(error: GraphError, call: Call) -> GraphError:
    """Judge an error again where the call may have come too early for its job."""
    if call.young_job:
        rule = matching_rule(
            error.code, subcode=error.subcode, message=error.message, young_job=True
        )
        if rule and rule.young_job:
            error.kind = rule.kind
    return error


def _account_in(path: Path) -> str | None:
    return path[0] if path[0].startswith("act_") else None


def _ladder_key(path: Path, account_id: str | None) -> tuple[str, str]:
    """Return whose page size it is: an account's edge, or one kind of edge below it."""
    if account_id is None or account_id == path[0]:
        return path[0], path[-1]
    return account_id, f"*/{path[-1]}"


def _check_node(body: Document) -> None:
    if not body.get("id"):
        raise GraphError("the answer holds no id", kind=Kind.TRANSIENT)
