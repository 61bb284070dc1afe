"""One polite way to ask AmoCRM: within the rate, with bounded retries, refusals heard.

It returns parsed answers; which pages to ask for belongs to `paging.py`, `keyset.py`
and `events.py`.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Self

import httpx

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceError,
    SourceUnreachable,
)
from pipelines.extract.amocrm.answers import (
    asked_wait,
    body_of,
    host_of,
    redact,
    refusal_detail,
)
from pipelines.extract.amocrm.credentials import Credential
from pipelines.extract.amocrm.limiter import RateLimiter, WaitBudget

SYSTEM = "amocrm"
TRIES = 5
FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 120.0
# The server asks for 300 seconds after too many requests; two such waits are enough.
MAX_WAIT_SECONDS = 900.0
TIMEOUT = httpx.Timeout(30, connect=5)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
TRANSIENT = {429, 500, 502, 503, 504}
# After these no other request can succeed, and asking on makes a ban longer.
FINAL = {
    401: (
        "the token is wrong, expired or revoked",
        "make a new long-lived token in the settings of the integration and put it "
        "into AMOCRM_ACCESS_TOKEN",
    ),
    402: (
        "the AmoCRM account is not paid for",
        "pay for it, then run the extraction again",
    ),
    403: (
        "requests are refused: a ban, or a right that the token's user lacks",
        "stop every program that asks this account, check that the user of the token "
        "is an administrator, and ask AmoCRM's support to lift the ban",
    ),
}

logger = logging.getLogger(__name__)
Query = Sequence[tuple[str, str | int]]


class _Trouble(Exception):
    """A failure that may be gone at the next try."""

    def __init__(self, message: str, response: httpx.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class AmocrmClient:
    """A connection to one AmoCRM account; stops for good at the first final refusal."""

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        requests_per_second: float = 5,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # These log whole addresses, and an address can hold a phone number.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._credential = credential
        self._limiter = RateLimiter(requests_per_second, clock=clock, sleep=sleep)
        self._budget = WaitBudget(max_wait_seconds, sleep=sleep)
        self._stopped: SourceError | None = None
        base_url = base_url.strip()
        host = host_of(base_url)
        if not host:
            self._stopped = _unreachable("AMOCRM_BASE_URL is no web address", "account")
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") if host else "http://localhost",
            timeout=TIMEOUT,
            follow_redirects=False,
            # A proxy of the environment cannot reach a server on this machine.
            trust_env=host not in LOOPBACK,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, query: Query = (), *, table: str) -> dict[str, Any] | None:
        """Return the answer's object, or None when AmoCRM has nothing to show."""
        if self._stopped:
            raise type(self._stopped)(
                f"not asked, because {self._stopped.message}",
                system=SYSTEM,
                table=table,
                remedy=self._stopped.remedy,
            )
        for attempt in range(TRIES):
            try:
                return self._ask(path, query, table=table)
            except _Trouble as trouble:
                if attempt + 1 == TRIES:
                    self._give_up(trouble, table=table)
                backoff = min(FIRST_BACKOFF_SECONDS * 2**attempt, MAX_BACKOFF_SECONDS)
                asked = (
                    asked_wait(trouble.response) if trouble.response is not None else 0
                )
                self._pause(max(backoff, asked), str(trouble), table=table)
        raise AssertionError("the last try returns or raises")

    def _ask(self, path: str, query: Query, *, table: str) -> dict[str, Any] | None:
        """Ask once; raise _Trouble where asking again may help."""
        header = self._credential.header()
        if not (header.isascii() and header.isprintable()):
            self._stop(_refused(401, "the token holds characters of no token", table))
        self._limiter.wait()
        try:
            response = self._http.get(
                f"/api/v4/{path}",
                params=list(query),
                headers={"Authorization": header},
            )
        except httpx.RequestError as error:
            name = type(error).__name__
            raise _Trouble(f"the server does not answer ({name})") from error
        if response.status_code in TRANSIENT:
            message = f"the server answered {response.status_code}"
            raise _Trouble(message, response)
        self._refuse_final(response, table=table)
        body = body_of(response)
        if body is None and response.status_code != 204:
            raise _Trouble("the answer is not a whole JSON object", response)
        return body

    def _refuse_final(self, response: httpx.Response, *, table: str) -> None:
        status = response.status_code
        if status in (200, 204):
            return
        if status in FINAL:
            self._stop(_refused(status, f"{FINAL[status][0]} (HTTP {status})", table))
        if 300 <= status < 400:
            host = host_of(response.headers.get("location", "")) or "another path"
            self._stop(_unreachable(f"the server redirects to {host}", table))
        detail = redact(refusal_detail(response), self._credential.header())
        raise ProtocolError(
            f"the request was refused with HTTP {status}: {detail}",
            system=SYSTEM,
            table=table,
            remedy="AmoCRM's API has changed, or AMOCRM_BASE_URL is not an account",
        )

    def _pause(self, seconds: float, trouble: str, *, table: str) -> None:
        logger.warning("amocrm.%s: %s, waiting %.0f s", table, trouble, seconds)
        if not self._budget.spend(seconds):
            message = f"{trouble}; to wait {seconds:.0f} s is longer than this run may"
            self._stop(_limited(message, table))

    def _give_up(self, trouble: _Trouble, *, table: str) -> NoReturn:
        message = f"{trouble} ({TRIES} tries)"
        response = trouble.response
        if response is None:
            self._stop(_unreachable(message, table))
        if response.status_code == 429:
            self._stop(_limited(message, table))
        kind = ProtocolError if response.status_code == 200 else SourceUnreachable
        raise kind(
            message,
            system=SYSTEM,
            table=table,
            remedy="AmoCRM has trouble of its own; the next run goes on",
        )

    def _stop(self, error: SourceError) -> NoReturn:
        self._stopped = error
        raise error


def _unreachable(message: str, table: str) -> SourceUnreachable:
    return SourceUnreachable(
        message,
        system=SYSTEM,
        table=table,
        remedy="set AMOCRM_BASE_URL to the account's exact address, such as "
        "https://<account>.amocrm.ru, and see that it can be reached",
    )


def _refused(status: int, message: str, table: str) -> AuthError:
    return AuthError(message, system=SYSTEM, table=table, remedy=FINAL[status][1])


def _limited(message: str, table: str) -> RateLimited:
    return RateLimited(
        message,
        system=SYSTEM,
        table=table,
        remedy="find who else asks this account; the next run goes on",
    )
