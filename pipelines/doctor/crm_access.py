"""Checks of the way to AmoCRM before anything is asked: token, turns, calls of a day.

They read the token itself and the warehouse, and renew nothing. What AmoCRM answers is
looked at in `crm.py`.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.doctor.findings import Remark, error, note, ok, warning
from pipelines.doctor.sessions import Session, open_session
from pipelines.errors import AuthError
from pipelines.extract.amocrm.answers import host_of, place_of
from pipelines.extract.amocrm.credentials import (
    Credential,
    LongLivedToken,
    claims_of,
    expiry_of,
)
from pipelines.extract.amocrm.oauth import TABLE
from pipelines.extract.amocrm.refusals import SYSTEM
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.token_store import KEEP_ALIVE, StoredPair
from pipelines.ingest.amocrm.tokens import AUTHORISE, DEAD_AFTER, open_store

EXPIRES_SOON = timedelta(days=14)
UNBLOCK = "`python -m pipelines amocrm unblock`"
NEW_TOKEN = "make a new long-lived token and put it into AMOCRM_ACCESS_TOKEN"


@dataclass(frozen=True)
class Access:
    """The credential that the loads use, as it is now; the doctor never renews it."""

    config: AmocrmConfig
    warehouse_url: str | None
    now: datetime

    def check_token(self) -> Iterator[Remark]:
        """Say of what kind the token is, until when it lives and where it leads."""
        if self.config.oauth is None:
            token = self.config.access_token or ""
            yield from check_token(token, self.now)
            yield from check_address(token, self.config.base_url)
            return
        pair = self._pair()
        if pair is None or pair.is_first:
            yield self._first()
            return
        yield from judge_pair(pair, self.now)
        if self._is_begun(pair):
            yield warning(
                "a renewal of the tokens was begun and never ended",
                "look at the last run: the next one asks again with the same token; if "
                f"that is refused, {AUTHORISE}",
            )

    def credential(self) -> Credential:
        """Return the token to ask with; raises AuthError when none lives."""
        if self.config.oauth is None:
            return LongLivedToken(self.config.access_token or "")
        pair = self._pair()
        if pair and not pair.is_first and pair.expires_at > self.now:
            return LongLivedToken(pair.access_token, AUTHORISE)
        raise AuthError(
            "not asked: no living token is stored, and the doctor renews none",
            system=SYSTEM,
            table=TABLE,
            remedy=f"start a load, which renews it, or {AUTHORISE}",
        )

    def check_turns(self) -> Iterator[Remark]:
        """Say what holds requests up, and what they were like during the last day."""
        if self.warehouse_url is None:
            yield note("the turns of all programs are in the warehouse, which is unset")
            return
        with self._session() as session:
            if not session.row(_HAS_TABLES)["found"]:
                yield note("the warehouse has no turns yet: nothing was loaded")
                return
            host = place_of(self.config.base_url) or ""
            rows = session.rows(_BUDGET, {"host": host})
            calls = session.row(_CALLS)
        yield from (remark for row in rows for remark in judge_turns(row))
        if calls["calls"]:
            yield judge_calls(calls)
        if not rows:
            yield note(f"{host} was never asked by a load")

    def _pair(self) -> StoredPair | None:
        if self.config.oauth is None or self.warehouse_url is None:
            return None
        url = self.warehouse_url
        return open_store(url, self.config.base_url, self.config.oauth).read()

    def _first(self) -> Remark:
        if self.config.oauth and self.config.oauth.refresh_token:
            return warning(
                "no tokens are stored yet; the first load exchanges "
                "AMOCRM_REFRESH_TOKEN",
                "start a load within the life of that token (three months)",
            )
        return error("no tokens of this integration are stored", AUTHORISE)

    def _is_begun(self, pair: StoredPair) -> bool:
        with self._session() as session:
            values = {
                "host": place_of(self.config.base_url),
                "generation": pair.generation,
            }
            return bool(session.row(_BEGUN, values)["found"])

    def _session(self) -> contextlib.AbstractContextManager[Session]:
        return open_session(
            self.warehouse_url or "", system="warehouse", variable="WAREHOUSE_URL"
        )


def judge_pair(pair: StoredPair, now: datetime) -> Iterator[Remark]:
    """Judge a stored pair by its ages."""
    age = now - pair.obtained_at
    since = f"{pair.obtained_at:%Y-%m-%d %H:%M} UTC (generation {pair.generation})"
    left = (pair.obtained_at + DEAD_AFTER - now).days
    if age >= DEAD_AFTER:
        yield error(f"the tokens are dead: last renewed {since}", AUTHORISE)
    elif age > KEEP_ALIVE * 2:
        yield warning(
            f"the tokens were last renewed {since}, and die in {left} days",
            "see why no load runs; if they do, the warehouse was restored from a "
            f"backup: {AUTHORISE}",
        )
    elif pair.expires_at <= now:
        yield warning(
            f"the access token has ended; last renewed {since}",
            "start a load, which renews it, and see that the schedules are on",
        )
    else:
        yield ok(
            f"tokens of an integration, last renewed {since}; the next renewal is due "
            f"by {pair.due_at:%Y-%m-%d %H:%M} UTC; {left} days of the refresh token"
        )


def judge_turns(row: dict[str, Any]) -> Iterator[Remark]:
    """Judge the row from which all programs take their turns."""
    if row["blocks"]:
        until = row["blocked_until"] or row["now"]
        yield error(
            f"AmoCRM refused everything ({row['blocks']} times in a row): "
            f"{row['blocked_reason']}; one request tries again at {until:%H:%M} UTC",
            "stop every other program that asks this account and ask AmoCRM's support "
            f"to lift the ban; then {UNBLOCK}",
        )
    elif row["wait_until"] and row["wait_until"] > row["now"]:
        yield warning(
            f"AmoCRM wants everybody to wait until {row['wait_until']:%H:%M:%S} UTC",
            "find who else asks this account",
        )
    else:
        yield ok("no wait and no ban holds requests up")


def judge_calls(calls: dict[str, Any]) -> Remark:
    """Judge what the ledger of calls says of the last day."""
    message = (
        f"{calls['calls']} requests in 24 hours, {calls['refused']} refused for "
        f"coming too often, {calls['waited']:.0f} s of waiting"
    )
    if calls["refused"] * 20 > calls["calls"]:
        remedy = "find who else asks this account, or lower AMOCRM_REQUESTS_PER_SECOND"
        return warning(message, remedy)
    return note(message)


def check_token(token: str, now: datetime) -> Iterator[Remark]:
    """Read from the token itself until when it lives."""
    expires = expiry_of(token)
    if expires is None:
        yield note("the token does not say until when it is valid")
    elif expires <= now:
        yield error(f"the token expired on {expires:%Y-%m-%d}", NEW_TOKEN)
    elif expires - now < EXPIRES_SOON:
        yield warning(f"the token expires on {expires:%Y-%m-%d}", NEW_TOKEN)
    else:
        days = (expires - now).days
        yield ok(f"the token is valid until {expires:%Y-%m-%d}, {days} days")


def check_address(token: str, base_url: str) -> Iterator[Remark]:
    """Compare the domain that a token names with the address that is asked."""
    domain = claims_of(token).get("base_domain")
    host = host_of(base_url.strip()) or ""
    if isinstance(domain, str) and domain and not f".{host}".endswith(f".{domain}"):
        yield error(
            f"the token is for an account at {domain}, AMOCRM_BASE_URL leads to {host}",
            "set AMOCRM_BASE_URL to the account that the token was made in",
        )


def account_of(token: str) -> int | None:
    """Return the account that a token names."""
    account = claims_of(token).get("account_id")
    return account if isinstance(account, int) else None


_HAS_TABLES = """
select to_regclass('raw.amocrm__budget') is not null
    and to_regclass('raw.amocrm__api_calls') is not null as found
"""
_BUDGET = """
select clock_timestamp() as now, wait_until, blocked_until, blocked_reason, blocks
from raw.amocrm__budget
where host = %(host)s
"""
_CALLS = """
select
    count(*) as calls,
    count(*) filter (where status in (403, 429)) as refused,
    coalesce(sum(waited_ms), 0) / 1000.0 as waited
from raw.amocrm__api_calls
where called_at > clock_timestamp() - interval '24 hours'
"""
_BEGUN = """
select exists (
    select from raw.amocrm__token_generations
    where host = %(host)s and generation = %(generation)s
) as found
"""
