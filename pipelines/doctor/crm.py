"""Checks of AmoCRM: the token, what it may read, the clock of the server.

They ask with the client of `extract/amocrm/`: a few requests, seconds of patience.
"""

import base64
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.clock import BUSINESS_ZONE
from pipelines.doctor.findings import (
    Finding,
    Look,
    Remark,
    conduct,
    error,
    note,
    ok,
    warning,
)
from pipelines.doctor.servers import Clock, judge_drift
from pipelines.errors import AuthError, SourceError
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient
from pipelines.extract.amocrm.credentials import LongLivedToken
from pipelines.extract.amocrm.extractor import (
    ACCOUNT,
    CONTACTS,
    FIELDS,
    LEADS,
    PIPELINES,
    TRASH,
    USERS,
)
from pipelines.ingest.amocrm.config import AmocrmConfig

MAX_WAIT_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 1.0
EXPIRES_SOON = timedelta(days=14)
# Asked for one row each; events have no listing of their own.
ENTITIES = (USERS, PIPELINES, *FIELDS.values(), LEADS, TRASH, CONTACTS)


def examine_amocrm(
    config: AmocrmConfig, *, clock: Clock, probe: bool = False
) -> Iterator[Finding]:
    """Ask AmoCRM who we are; with `probe` also for one row of everything we read."""
    with open_client(config, clock=clock) as client:
        checks: dict[str, Look] = {
            "token": lambda: check_token(config.access_token or "", clock()),
            "account": lambda: check_account(client),
            "clock": lambda: _check_clock(client.skew),
        }
        if probe:
            checks["rights"] = lambda: check_rights(config, clock=clock)
        yield from conduct(SYSTEM, checks)


def open_client(
    config: AmocrmConfig, *, clock: Clock, sleep: Callable[[float], None] = time.sleep
) -> AmocrmClient:
    """Return a client that gives up soon."""
    return AmocrmClient(
        config.base_url,
        LongLivedToken(config.access_token or ""),
        requests_per_second=config.requests_per_second,
        max_wait_seconds=MAX_WAIT_SECONDS,
        sleep=lambda seconds: sleep(min(seconds, LONGEST_PAUSE_SECONDS)),
        wall=lambda: clock().timestamp(),
    )


def check_token(token: str, now: datetime) -> Iterator[Remark]:
    """Read from the token itself until when it lives."""
    expires = _expiry(token)
    remedy = "make a new long-lived token and put it into AMOCRM_ACCESS_TOKEN"
    if expires is None:
        yield note("the token does not say until when it is valid")
    elif expires <= now:
        yield error(f"the token expired on {expires:%Y-%m-%d}", remedy)
    elif expires - now < EXPIRES_SOON:
        yield warning(f"the token expires on {expires:%Y-%m-%d}", remedy)
    else:
        yield ok(f"the token is valid until {expires:%Y-%m-%d}")


def _expiry(token: str) -> datetime | None:
    """Return the end of a JSON Web Token, None when it is none."""
    parts = token.strip().split(".")
    with contextlib.suppress(ValueError, TypeError, KeyError, IndexError):
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims: Any = json.loads(base64.urlsafe_b64decode(padded))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    return None


def check_account(client: AmocrmClient) -> Iterator[Remark]:
    """Ask which account the token opens."""
    account = client.get(ACCOUNT.path, ACCOUNT.query, table=ACCOUNT.table)
    if not account or not isinstance(account.get("id"), int):
        raise ACCOUNT.error("the answer is no account")
    yield ok(f"account {account['id']} ({account.get('name')}) answers")
    settings = (account.get("_embedded") or {}).get("datetime_settings") or {}
    zone = settings.get("timezone") if isinstance(settings, dict) else None
    if zone and zone != BUSINESS_ZONE.key:
        yield note(f"the account's time zone is {zone}; the pipeline reads seconds")
    if account.get("currency") not in (None, "KZT"):
        yield warning(
            f"the account counts in {account['currency']}, the pipeline in KZT",
            "see that AMOCRM_BASE_URL is the school's account",
        )


def _check_clock(skew: timedelta | None) -> Iterator[Remark]:
    if skew is None:
        yield note("no answer told the server's time")
        return
    yield from judge_drift(skew)


def check_rights(config: AmocrmConfig, *, clock: Clock) -> Iterator[Remark]:
    """Ask for one row of each kind that is loaded."""
    readable = []
    paths = [(listing.path, listing.query) for listing in ENTITIES]
    for path, query in (*paths, ("events", ())):
        # A refusal ends a client for good, so each question has its own.
        with open_client(config, clock=clock) as client:
            try:
                client.get(path, (*query, ("limit", 1)), table=path)
            except SourceError as refused:
                is_denied = isinstance(refused, AuthError)
                remedy = refused.remedy or "see the message"
                if is_denied:
                    remedy = f"let the token's user read {path} (an administrator may)"
                yield error(f"{path}: {refused.message}", remedy)
            else:
                readable.append(path)
    if readable:
        yield ok(f"can be read: {', '.join(dict.fromkeys(readable))}")
