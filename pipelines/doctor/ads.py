"""Checks of Facebook: each token, its end and rights, the version, the calendar.

They ask through the transport of `extract/facebook/`, which keeps credentials out of
every message. Accounts, pages and the past are in `ads_probe.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from facebook_business.api import FacebookAdsApi

from pipelines.doctor.ads_probe import Probe
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
from pipelines.doctor.sessions import open_session
from pipelines.errors import SourceError
from pipelines.extract.facebook.errors import SYSTEM, GraphError, source_error
from pipelines.extract.facebook.expiries import version_end
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook.checks import nothing_expires_soon
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.load.log import RunInfo

EXPIRES_SOON = timedelta(days=14)
# A new version is a change of code; Meta announces an end so long before.
VERSION_NOTICE = timedelta(days=90)
# Either of them shows what was spent.
READING = frozenset({"ads_read", "ads_management"})
# All of them are needed for the leads of Lead Ads forms; the spend needs none.
LEADS = frozenset(
    {
        "leads_retrieval",
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_ads",
        "ads_management",
    }
)
NEW_TOKEN = "make a new token and set FACEBOOK_ACCESS_TOKEN"


def examine_facebook(
    config: FacebookConfig,
    *,
    clock: Clock,
    databases: Mapping[str, str | None],
    warehouse_url: str | None = None,
    probe: bool = False,
) -> Iterator[Finding]:
    """Ask Facebook what each token opens; with `probe` every account and page too."""
    answers: list[Answer] = []
    checks: dict[str, Look] = {}
    apis = [_open(config, token) for token in config.access_tokens]
    for number, token in enumerate(config.access_tokens, start=1):
        name = "" if len(apis) == 1 else f" {number}"
        visit = Visit(apis[number - 1], config, token, clock, answers)
        checks |= {
            f"token{name}": visit.check_accounts,
            f"expiry{name}": visit.check_expiry,
            f"rights{name}": visit.check_rights,
        }
    checks["clock"] = lambda: check_clock(answers)
    if warehouse_url:
        checks["calendar"] = lambda: check_calendar(warehouse_url, clock())
    if probe:
        probing = Probe(apis, config, clock, databases, warehouse_url)
        checks |= {
            "ad accounts": probing.check_listed,
            "pages": probing.check_pages,
            "history": probing.check_history,
        }
    yield from conduct(SYSTEM, checks)


def _open(config: FacebookConfig, token: str) -> FacebookAdsApi:
    return open_api(
        access_token=token,
        app_secret=config.app_secret,
        graph_url=config.graph_url,
        api_version=config.api_version,
    )


class Answer:
    """The first page of a token's ad accounts, asked once and without patience."""

    def __init__(self, api: FacebookAdsApi, clock: Clock) -> None:
        params = {"fields": "id,account_status", "limit": 500}
        try:
            response = api.call("GET", ("me", "adaccounts"), params=params)
        except GraphError as refused:
            raise _refusal(refused) from None
        self.received = clock()
        self.headers = {
            name.lower(): value for name, value in response.headers().items()
        }
        self.body: dict[str, Any] = response.json()


def _refusal(refused: GraphError) -> SourceError:
    fault = source_error(refused, table="token", account_id="me")
    if "appsecret_proof" in refused.message:
        fault.remedy = "set FACEBOOK_APP_SECRET to the secret of the token's app"
    return fault


class Visit:
    """One token's examination; the answers are kept for what is asked of all."""

    def __init__(
        self,
        api: FacebookAdsApi,
        config: FacebookConfig,
        token: str,
        clock: Clock,
        answers: list[Answer],
    ) -> None:
        self._api = api
        self._config = config
        self._token = token
        self._clock = clock
        self._answers = answers

    def check_accounts(self) -> Iterator[Remark]:
        """Say how many ad accounts the token opens, in which version."""
        answer = Answer(self._api, self._clock)
        self._answers.append(answer)
        accounts = answer.body.get("data") or []
        more = "more than " if (answer.body.get("paging") or {}).get("next") else ""
        is_signed = self._config.app_secret
        signed = "signed" if is_signed else "not signed: no FACEBOOK_APP_SECRET"
        if accounts:
            yield ok(f"the token opens {more}{len(accounts)} ad accounts ({signed})")
        else:
            yield warning(
                "the token is valid, but opens no ad account",
                "assign the ad accounts to the token's system user in the Business "
                "Manager",
            )
        asked = self._config.api_version
        answered = answer.headers.get("facebook-api-version", asked)
        yield judge_version(asked, answered, self._clock())

    def check_expiry(self) -> Iterator[Remark]:
        """Ask until when the token lives."""
        params = {"input_token": self._token}
        try:
            body = self._api.call("GET", ("debug_token",), params=params).json()
        except GraphError as refused:
            yield note(f"not told when the token expires (error {refused.code})")
            return
        yield judge_expiry(body.get("data") or {}, self._clock())

    def check_rights(self) -> Iterator[Remark]:
        """Ask what the token was granted: spend needs one right, leads need five."""
        try:
            body = self._api.call("GET", ("me", "permissions"), params={}).json()
        except GraphError as refused:
            yield note(f"not told what the token was granted (error {refused.code})")
            return
        granted = {
            row.get("permission")
            for row in body.get("data") or []
            if row.get("status") == "granted"
        }
        if granted & READING:
            yield ok("the token was granted to read ads")
        else:
            yield error(
                "the token was not granted ads_read", f"{NEW_TOKEN}, with ads_read"
            )
        if missing := sorted(LEADS - granted):
            yield note(
                f"leads of Lead Ads cannot be read: not granted {', '.join(missing)}",
                details=missing,
            )


def judge_expiry(data: Mapping[str, Any], now: datetime) -> Remark:
    """Judge what Facebook says of a token; 0 or nothing means that it never ends."""
    moments = [data.get("expires_at"), data.get("data_access_expires_at")]
    ends = [datetime.fromtimestamp(moment, UTC) for moment in moments if moment]
    if data.get("is_valid") is False:
        return error("Facebook says that the token is not valid", NEW_TOKEN)
    if not ends:
        return ok("the token does not expire")
    if min(ends) <= now:
        return error(f"the token expired on {min(ends):%Y-%m-%d}", NEW_TOKEN)
    if min(ends) - now < EXPIRES_SOON:
        return warning(f"the token expires on {min(ends):%Y-%m-%d}", NEW_TOKEN)
    return ok(f"the token is valid until {min(ends):%Y-%m-%d}")


def judge_version(asked: str, answered: str, now: datetime) -> Remark:
    """Judge the version that we ask in: Facebook answers an ended one in a later."""
    remedy = "set FACEBOOK_API_VERSION to the current one after a look at its changes"
    if answered != asked:
        return warning(f"asked in {asked}, Facebook answers in {answered}", remedy)
    ends = version_end(asked)
    if ends is None:
        return ok(f"version {asked}, of which no end is announced")
    if ends <= now:
        return warning(f"version {asked} ended on {ends:%Y-%m-%d}", remedy)
    if ends - now < VERSION_NOTICE:
        return warning(f"version {asked} ends on {ends:%Y-%m-%d}", remedy)
    return ok(f"version {asked}, which ends on {ends:%Y-%m-%d}")


def check_clock(answers: list[Answer]) -> Iterator[Remark]:
    """Compare the time of Facebook's answer with ours."""
    sent = answers[0].headers.get("date") if answers else None
    if sent is None:
        yield note("no answer told the server's time")
        return
    yield from judge_drift(parsedate_to_datetime(sent) - answers[0].received)


def check_calendar(warehouse_url: str, now: datetime) -> Iterator[Remark]:
    """Say what the last load knows of ends: tokens, versions, unread leads."""
    with open_session(
        warehouse_url, system="warehouse", variable="WAREHOUSE_URL"
    ) as session:
        if not session.row(_HAS_CALENDAR)["found"]:
            yield note("no load has kept a calendar yet")
            return
        verdict = nothing_expires_soon(session.connection, RunInfo("doctor", now))
        ends = session.rows(_CALENDAR)
    look = "see marts.expiry_calendar"
    yield from (error(text, look) for text in verdict.errors)
    yield from (warning(text, look) for text in verdict.warnings)
    days = [f"{row['kind']} {row['subject']}: {row['day']}" for row in ends]
    if verdict.passed:
        nearest = f", next is {days[0]}" if days else ""
        yield ok(f"nothing ends within {EXPIRES_SOON.days} days{nearest}")
    if len(days) > 1:
        yield note(f"known ends: {len(days)}", details=days)


_HAS_CALENDAR = "select to_regclass('raw.facebook__expiries') is not null as found"
_CALENDAR = """
select kind, subject, expires_at::date as day
from raw.facebook__expiries
where _deleted_at is null and expires_at is not null
order by expires_at, kind, subject
"""
