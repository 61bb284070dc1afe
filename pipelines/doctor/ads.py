"""Checks of Facebook: the token, its expiry and rights, the version, each ad account.

They ask through the transport of `extract/facebook/`, which keeps credentials out of
every message.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from facebook_business.api import FacebookAdsApi

from pipelines.doctor.findings import (
    Finding,
    Look,
    Remark,
    conduct,
    error,
    listed,
    note,
    ok,
    warning,
)
from pipelines.doctor.servers import Clock, judge_drift
from pipelines.doctor.sessions import open_session
from pipelines.errors import PipelineError, SourceError
from pipelines.extract.facebook.accounts import ListedAccounts, list_accounts
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import (
    SYSTEM,
    AccountDenied,
    GraphError,
    source_error,
)
from pipelines.extract.facebook.extractor import FacebookExtractor
from pipelines.extract.facebook.pacing import Pacer, SystemTimer
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook.run import FacebookConfig

EXPIRES_SOON = timedelta(days=14)
# Either of them shows what was spent.
READING = {"ads_read", "ads_management"}
ACTIVE = 1


def examine_facebook(
    config: FacebookConfig,
    *,
    clock: Clock,
    databases: Mapping[str, str | None],
    warehouse_url: str | None = None,
    probe: bool = False,
) -> Iterator[Finding]:
    """Ask Facebook what the token opens; with `probe` every listed account too."""
    api = open_api(
        access_token=config.access_token,
        app_secret=config.app_secret,
        graph_url=config.graph_url,
        api_version=config.api_version,
    )
    answers: list[Answer] = []

    def accounts() -> Iterator[Remark]:
        answers.append(Answer(api, clock))
        yield from check_accounts(answers[0], config)

    checks: dict[str, Look] = {
        "token": accounts,
        "expiry": lambda: check_expiry(api, config, clock()),
        "clock": lambda: check_clock(answers),
    }
    if probe:
        checks["ad accounts"] = lambda: check_listed(
            api, config, databases=databases, warehouse_url=warehouse_url
        )
    yield from conduct(SYSTEM, checks)


class Answer:
    """The first page of the token's ad accounts, asked once and without patience."""

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


def check_accounts(answer: Answer, config: FacebookConfig) -> Iterator[Remark]:
    """Say how many ad accounts the token opens, in which version."""
    accounts = answer.body.get("data") or []
    more = "more than " if (answer.body.get("paging") or {}).get("next") else ""
    signed = "signed" if config.app_secret else "not signed: no FACEBOOK_APP_SECRET"
    if accounts:
        yield ok(f"the token opens {more}{len(accounts)} ad accounts ({signed})")
    else:
        yield warning(
            "the token is valid, but opens no ad account",
            "assign the ad accounts to the token's system user in the Business Manager",
        )
    answered = answer.headers.get("facebook-api-version", config.api_version)
    if answered == config.api_version:
        yield ok(f"version {answered}")
    else:
        yield warning(
            f"asked in {config.api_version}, Facebook answers in {answered}",
            f"set FACEBOOK_API_VERSION to {answered} after a look at its changes",
        )


def check_expiry(
    api: FacebookAdsApi, config: FacebookConfig, now: datetime
) -> Iterator[Remark]:
    """Ask until when the token lives, and what it was granted."""
    params = {"input_token": config.access_token}
    try:
        body = api.call("GET", ("debug_token",), params=params).json()
    except GraphError as refused:
        yield note(f"not told when the token expires (error {refused.code})")
        return
    data = body.get("data") or {}
    remedy = "make a new token and set FACEBOOK_ACCESS_TOKEN"
    moments = [data.get("expires_at"), data.get("data_access_expires_at")]
    ends = [datetime.fromtimestamp(moment, UTC) for moment in moments if moment]
    if data.get("is_valid") is False:
        yield error("Facebook says that the token is not valid", remedy)
    elif not ends:
        yield ok("the token does not expire")
    elif min(ends) <= now:
        yield error(f"the token expired on {min(ends):%Y-%m-%d}", remedy)
    elif min(ends) - now < EXPIRES_SOON:
        yield warning(f"the token expires on {min(ends):%Y-%m-%d}", remedy)
    else:
        yield ok(f"the token is valid until {min(ends):%Y-%m-%d}")
    scopes = set(data.get("scopes") or READING)
    if not scopes & READING:
        yield error("the token was not granted ads_read", f"{remedy}, with ads_read")


def check_clock(answers: list[Answer]) -> Iterator[Remark]:
    """Compare the time of Facebook's answer with ours."""
    sent = answers[0].headers.get("date") if answers else None
    if sent is None:
        yield note("no answer told the server's time")
        return
    yield from judge_drift(parsedate_to_datetime(sent) - answers[0].received)


def check_listed(
    api: FacebookAdsApi,
    config: FacebookConfig,
    *,
    databases: Mapping[str, str | None],
    warehouse_url: str | None,
) -> Iterator[Remark]:
    """Ask for every account that a list names, as the extraction will."""
    listed_accounts = _lists(config, databases, warehouse_url)
    pacer = Pacer(SystemTimer(), patience_seconds=0)
    extractor = FacebookExtractor(GraphClient(api, pacer, attempts=2))
    open_accounts, denied, idle = [], [], []
    for account_id in listed_accounts.account_ids:
        try:
            payload = extractor.account(account_id)["payload"]
        except AccountDenied as refused:
            denied.append(account_id)
            remedy = refused.remedy or ""
            names = ", ".join(sorted(listed_accounts.listed_by[account_id]))
            yield warning(f"{account_id} is out of reach (listed by {names})", remedy)
            continue
        open_accounts.append(account_id)
        if payload.get("account_status") != ACTIVE:
            idle.append(account_id)
    for text in listed_accounts.warnings:
        yield warning(text, "correct the list, or the connection that it is read by")
    if idle:
        yield note(f"not active at Facebook: {listed(idle)}", details=idle)
    if open_accounts:
        yield ok(f"{len(open_accounts)} listed accounts can be read")
    elif not denied:
        yield warning(
            "no list names an ad account",
            "name them in FACEBOOK_AD_ACCOUNTS, or in the databases' lists",
        )


def _lists(
    config: FacebookConfig, databases: Mapping[str, str | None], url: str | None
) -> ListedAccounts:
    """Read the lists of both databases; the warehouse stands in for what is away."""
    if url is None:
        raise PipelineError("the lists of accounts need WAREHOUSE_URL too")
    with open_session(url, system="warehouse", variable="WAREHOUSE_URL") as session:
        return list_accounts(
            config.listed_accounts, databases=databases, warehouse=session.connection
        )
