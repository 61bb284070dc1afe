"""One polite way to ask AmoCRM: within the rate, with bounded retries, refusals heard.

It returns parsed answers; which pages to ask for belongs to `paging.py`, `keyset.py`
and `events.py`, one exchange of bytes to `transport.py`. Nothing is written to the
account but, on demand, the subscription to its webhooks.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, Self

import httpx

from pipelines.errors import (
    AuthError,
    ProtocolError,
    SourceError,
    SourceUnreachable,
    WarehouseError,
)
from pipelines.extract.amocrm import refusals, transport
from pipelines.extract.amocrm.answers import (
    asked_wait,
    body_of,
    host_of,
    redact,
    refusal_detail,
)
from pipelines.extract.amocrm.credentials import Credential
from pipelines.extract.amocrm.limiter import MAX_WAIT_SECONDS, Budget, LocalBudget
from pipelines.extract.amocrm.refusals import Banned, NotThere, PageTooLarge, named
from pipelines.extract.amocrm.requests import Call, Renewed, Request, Trouble, noted
from pipelines.extract.amocrm.transport import Transport

SYSTEM = refusals.SYSTEM
Query = transport.Query
NOT_ASKED = "not asked, because"
TRIES = 5
FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 120.0
TRANSIENT = {429, 500, 502, 503, 504}
# An error that comes as late as this is the work's fault: the page is too large.
SLOW_SECONDS = 20.0

logger = logging.getLogger(__name__)


class AmocrmClient:
    """A connection to one AmoCRM account; stops for good at the first final refusal."""

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        requests_per_second: float = 5,
        budget: Budget | None = None,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        on_call: Callable[[Call], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._credential = credential
        self._budget = budget or LocalBudget(
            requests_per_second,
            max_wait_seconds=max_wait_seconds,
            clock=clock,
            sleep=sleep,
        )
        self._on_call = on_call
        self._clock = clock
        self._wall = wall
        self._transport = Transport(base_url, clock=clock)
        self._has_succeeded = False
        self._stopped: SourceError | None = None
        if not self._transport.host:
            message = "AMOCRM_BASE_URL is no web address"
            self._stopped = refusals.unreachable(message, table="account")
        self.calls = 0
        self.waited_seconds = 0.0
        # How far the server's clock is ahead of ours, by the last answer.
        self.skew: timedelta | None = None
        # The server's own time, as of its last answer.
        self.server_date: datetime | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def get(self, path: str, query: Query = (), *, table: str) -> dict[str, Any] | None:
        """Return the answer's object, or None when AmoCRM has nothing to show.

        Raises PageTooLarge where the same rows may come in smaller pages, AccessDenied
        where only this path is refused.
        """
        return self._send(Request("GET", path, table, query))

    def subscribe(self, destination: str, events: Sequence[str]) -> None:
        """Let AmoCRM ring at an address; asked again it rings for these events only."""
        body = {"destination": destination, "settings": list(events)}
        self._send(Request("POST", "webhooks", "webhooks", body=body))

    def unsubscribe(self, destination: str) -> None:
        """Let AmoCRM ring at an address no more."""
        body = {"destination": destination}
        self._send(Request("DELETE", "webhooks", "webhooks", body=body))

    def _send(self, request: Request) -> dict[str, Any] | None:
        """Ask until there is an answer that counts, or no sense in asking on."""
        if self._stopped:
            message = f"{NOT_ASKED} {self._stopped.message}"
            raise named(self._stopped, request.table, message)
        is_renewed = False
        for attempt in range(TRIES):
            try:
                return self._ask(request, is_renewed=is_renewed)
            except Renewed:
                is_renewed = True
            except Trouble as trouble:
                self._recover(trouble, request, attempt)
        raise self._exhausted("the token is renewed again and again", request)

    def _ask(self, request: Request, *, is_renewed: bool) -> dict[str, Any] | None:
        """Ask once; raise Trouble where asking again may help."""
        waited, header = self._prepare(request)
        begun, wall = self._clock(), self._wall()
        response: httpx.Response | None = None
        try:
            response = self._transport.send(
                request.method,
                f"/api/v4/{request.path}",
                query=request.query,
                headers={"Authorization": header},
                body=request.body,
            )
        except httpx.RequestError as error:
            message = f"the server does not answer ({type(error).__name__})"
            if isinstance(error, httpx.ReadTimeout):
                self._refuse_large(request, message)
            raise Trouble(message) from error
        finally:
            seconds = self._clock() - begun
            call = noted(request, response, seconds=seconds, waited=waited)
            self._note(call, wall + seconds / 2)
        status = response.status_code
        if status == 504 or (status in (500, 502) and seconds >= SLOW_SECONDS):
            self._refuse_large(request, f"the server answered {status}")
        if status in TRANSIENT:
            raise Trouble(f"the server answered {status}", response)
        if status == 401 and not is_renewed:
            self._renew(request, header)
        self._refuse_final(request, response, header)
        body = None if status == 204 else body_of(response)
        if body is None and status != 204 and request.method == "GET":
            raise Trouble("the answer is not a whole JSON object", response)
        self._has_succeeded = True
        self._budget.after_success()
        return body

    def _prepare(self, request: Request) -> tuple[float, str]:
        """Wait for the turn; return the seconds waited and the Authorization header."""
        try:
            waited = self._budget.before_call()
        except SourceError as error:
            self._stop(error, request)
        try:
            header = self._credential.header()
        except SourceError as error:
            self._refuse_renewal(error, request)
        self.waited_seconds += waited
        if not (header.isascii() and header.isprintable()):
            self._refuse_token("the token holds characters of no token", request)
        return waited, header

    def _renew(self, request: Request, header: str) -> None:
        """Raise Renewed when another token may be had than the refused one."""
        try:
            is_renewed = self._credential.rejected(header)
        except SourceError as error:
            self._refuse_renewal(error, request)
        if is_renewed:
            raise Renewed

    def _note(self, call: Call, wall: float) -> None:
        """Count a request, hand it to the ledger, compare the clocks."""
        self.calls += 1
        if call.server_date:
            self.server_date = call.server_date
            # The header has whole seconds: on average it is half a second late.
            late = timedelta(seconds=0.5)
            self.skew = call.server_date + late - datetime.fromtimestamp(wall, UTC)
        if self._on_call:
            self._on_call(call)

    def _recover(self, trouble: Trouble, request: Request, attempt: int) -> None:
        """Wait, or let everybody wait, before the next try; raise after the last."""
        response, reason = trouble.response, str(trouble)
        backoff = min(FIRST_BACKOFF_SECONDS * 2**attempt, MAX_BACKOFF_SECONDS)
        wait = max(backoff, asked_wait(response) if response is not None else 0.0)
        is_last = attempt + 1 == TRIES
        try:
            if response is not None and response.status_code == 429:
                self._budget.after_refusal(429, wait, reason)
            elif not is_last:
                self._budget.pause(wait, reason)
        except SourceError as error:
            self._stop(error, request)
        if is_last:
            raise self._exhausted(f"{reason} ({TRIES} tries)", request, response)
        logger.warning("amocrm.%s: %s, waiting %.0f s", request.table, reason, wait)

    def _exhausted(
        self, message: str, request: Request, response: httpx.Response | None = None
    ) -> SourceError:
        """Return the error of a request that was tried often enough."""
        if response is None:
            self._stopped = refusals.unreachable(message, table=request.table)
            return self._stopped
        if response.status_code == 429:
            self._stopped = refusals.limited(message, table=request.table)
            return self._stopped
        kind = ProtocolError if response.status_code == 200 else SourceUnreachable
        return kind(
            message, system=SYSTEM, table=request.table, remedy=refusals.TROUBLE
        )

    def _refuse_large(self, request: Request, message: str) -> None:
        """Raise PageTooLarge where a smaller page can be asked for."""
        if request.is_large:
            raise PageTooLarge(
                message, system=SYSTEM, table=request.table, remedy=refusals.TROUBLE
            )

    def _refuse_final(
        self, request: Request, response: httpx.Response, header: str
    ) -> None:
        """Raise what a refusal means; let an answer pass."""
        status = response.status_code
        if status in (200, 204) or (status in (201, 202) and request.method != "GET"):
            return
        detail = redact(refusal_detail(response), header, *request.secrets)
        if status == 401:
            text = "the token is wrong, expired or revoked (HTTP 401)"
            self._refuse_token(text, request)
        if status == 402:
            text = "the AmoCRM account is not paid for (HTTP 402)"
            error = AuthError(text, system=SYSTEM, remedy=refusals.PAYMENT)
            self._stop(error, request)
        if status == 403:
            self._refuse_forbidden(request, response, detail)
        if 300 <= status < 400:
            host = host_of(response.headers.get("location", "")) or "another path"
            text = f"the server redirects to {host}"
            self._stop(refusals.unreachable(text, table=None), request)
        text = f"the request was refused with HTTP {status}: {detail}"
        kind = NotThere if status in (404, 405) else ProtocolError
        raise kind(text, system=SYSTEM, table=request.table, remedy=refusals.CHANGED)

    def _refuse_forbidden(
        self, request: Request, response: httpx.Response, detail: str
    ) -> NoReturn:
        """Tell a right that is missing from a ban, which holds everybody up."""
        is_told = body_of(response) is not None
        if is_told and self._has_succeeded and request.needs_rights:
            path = request.path
            raise refusals.access_denied(path, detail, table=request.table)
        message = (
            "requests are refused: a ban, or a right that the token's user lacks "
            f"(HTTP 403: {detail})"
        )
        self._ban(message, request)

    def _refuse_renewal(self, error: SourceError, request: Request) -> NoReturn:
        """Raise what kept a token from being renewed; a ban holds everybody up."""
        if isinstance(error, Banned):
            self._ban(error.message, request)
        self._stop(error, request)

    def _ban(self, message: str, request: Request) -> NoReturn:
        try:
            until = self._budget.after_refusal(403, 0, message)
        except SourceError as error:
            self._stop(error, request)
        self._stop(refusals.banned(message, until=until), request)

    def _refuse_token(self, message: str, request: Request) -> NoReturn:
        remedy = self._credential.remedy
        self._stop(AuthError(message, system=SYSTEM, remedy=remedy), request)

    def _stop(self, error: SourceError, request: Request) -> NoReturn:
        """Raise an error in the name of the table; ask nothing more if it is final."""
        error = named(error, request.table)
        if not isinstance(error, WarehouseError):
            self._stopped = error
        raise error from None
