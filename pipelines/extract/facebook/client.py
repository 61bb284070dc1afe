"""Calls that come through: retries, waiting for limits, and all pages of an edge.

What is asked for belongs to `extractor.py`, what an error means to `errors.py`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from facebook_business.api import FacebookAdsApi

from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.extract.facebook.pacing import wait_after

Document = dict[str, Any]
Path = tuple[str, ...]

ATTEMPTS = 6
FIRST_DELAY_SECONDS = 1.0
FIRST_LIMIT_WAIT_SECONDS = 60.0
LONGEST_LIMIT_WAIT_SECONDS = 600.0
# All the waiting for limits that one client does before it gives up.
PATIENCE_SECONDS = 900.0
# Limits count calls, not rows: large pages first, smaller only on "too large".
PAGE_SIZES = (500, 250, 100, 25)


class GraphClient:
    """One credential's access to the Graph API."""

    def __init__(
        self,
        api: FacebookAdsApi,
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._api = api
        self._sleep = sleep
        self._jitter = jitter
        self._patience = patience_seconds
        self._pause = 0.0
        self._page_steps: dict[Path, int] = {}

    def node(self, node_id: str, fields: tuple[str, ...]) -> Document:
        """Read one object."""
        return self._call((node_id, ""), {"fields": ",".join(fields)}, check=_no_check)

    def pages(self, path: Path, params: Mapping[str, Any]) -> Iterator[list[Document]]:
        """Read an edge page by page, to its last page or an error.

        Goes on while Facebook says `next`, also past an empty page. The page size that
        an edge could answer is kept for its next reading.
        """
        after: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._page(path, params, after=after)
            yield answer["data"]
            paging = answer.get("paging") or {}
            if not paging.get("next"):
                return
            after = (paging.get("cursors") or {}).get("after")
            if not after:
                raise GraphError(
                    "the answer has a next page but no cursor", kind=Kind.BROKEN
                )
            if after in seen:
                raise GraphError("the cursor of a page came twice", kind=Kind.BROKEN)
            seen.add(after)

    def _page(
        self, path: Path, params: Mapping[str, Any], *, after: str | None
    ) -> Document:
        while True:
            step = self._page_steps.get(path, 0)
            asked = {**params, "limit": PAGE_SIZES[step]}
            if after:
                asked["after"] = after
            try:
                return self._call(path, asked, check=_check_page)
            except GraphError as error:
                if error.kind is not Kind.TOO_LARGE or step + 1 == len(PAGE_SIZES):
                    raise
                self._page_steps[path] = step + 1

    def _call(
        self,
        path: Path,
        params: Mapping[str, Any],
        *,
        check: Callable[[Document], None],
    ) -> Document:
        """Call until it works, the attempts are used up or the error is final."""
        for attempt in range(ATTEMPTS):
            self._pause_if_asked()
            try:
                response = self._api.call("GET", path, params=dict(params))
                body: Document = response.json()
                check(body)
            except GraphError as error:
                if attempt + 1 == ATTEMPTS or not self._waited(error, attempt):
                    raise
            else:
                self._pause = wait_after(response.headers())
                return body
        raise AssertionError("unreachable")

    def _waited(self, error: GraphError, attempt: int) -> bool:
        """Wait as an error asks; say no when waiting cannot help or takes too long."""
        if error.kind is Kind.TRANSIENT:
            self._sleep(FIRST_DELAY_SECONDS * 2**attempt * (1 + self._jitter()))
            return True
        if error.kind is not Kind.RATE:
            return False
        doubling = FIRST_LIMIT_WAIT_SECONDS * 2**attempt
        wait = error.wait_seconds or min(doubling, LONGEST_LIMIT_WAIT_SECONDS)
        if wait > self._patience:
            error.args = (f"{error} (lifts in about {wait / 60:.0f} minutes)",)
            return False
        self._patience -= wait
        self._sleep(wait)
        return True

    def _pause_if_asked(self) -> None:
        """Let a limit that is nearly reached recover, as long as patience lasts."""
        pause, self._pause = min(self._pause, self._patience), 0.0
        if pause > 0:
            self._patience -= pause
            self._sleep(pause)


def _no_check(body: Document) -> None:
    pass


def _check_page(body: Document) -> None:
    """Refuse a page whose rows are no list of objects: asked again, it may be one."""
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise GraphError("the answer holds no list of objects", kind=Kind.TRANSIENT)
    if not isinstance(body.get("paging") or {}, dict):
        raise GraphError("the answer's paging is no object", kind=Kind.TRANSIENT)
