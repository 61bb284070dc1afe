"""Checks of AmoCRM: what the token opens and to whom it belongs, hooks, fields, clock.

They ask with the client of `extract/amocrm/`: a few requests, seconds of patience. The
token itself is looked at in `crm_access.py`, the server's ways in `crm_probe.py`.
"""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pipelines.clock import BUSINESS_ZONE
from pipelines.doctor.crm_access import Access, account_of
from pipelines.doctor.crm_probe import Probe
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
from pipelines.errors import WarehouseError
from pipelines.extract.amocrm.answers import place_of
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient
from pipelines.extract.amocrm.extractor import ACCOUNT, FIELDS, USERS, WEBHOOKS
from pipelines.extract.amocrm.limiter import Budget, LocalBudget
from pipelines.extract.amocrm.paging import read_page, read_pages
from pipelines.extract.amocrm.refusals import AccessDenied
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.events import UTM

# A look is worth a few short pauses, whatever a server in trouble asks for.
MAX_WAIT_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 1.0


def examine_amocrm(
    config: AmocrmConfig,
    *,
    clock: Clock,
    warehouse_url: str | None = None,
    probe: bool = False,
) -> Iterator[Finding]:
    """Ask AmoCRM who we are; with `probe` also how it answers what the loads ask."""
    access = Access(config, warehouse_url, clock())
    yield from conduct(
        SYSTEM, {"token": access.check_token, "turns": access.check_turns}
    )
    with contextlib.ExitStack() as stack:
        visit = Visit(access, lambda: stack.enter_context(_client(access, clock)))
        yield from conduct(SYSTEM, {"account": visit.check_account})
        if not visit.account:
            return
        checks: dict[str, Look] = {
            "owner": visit.check_owner,
            "clock": visit.check_clock,
            "hooks": visit.check_hooks,
            "fields": visit.check_fields,
        }
        if probe:
            checks |= Probe(visit.client, config).checks
        yield from conduct(SYSTEM, checks)


@contextlib.contextmanager
def _client(access: Access, clock: Clock) -> Iterator[AmocrmClient]:
    """Yield a client that gives up soon and takes its turns among the loads'."""
    with (
        _budget(access) as budget,
        AmocrmClient(
            access.config.base_url,
            access.credential(),
            budget=budget,
            wall=lambda: clock().timestamp(),
        ) as client,
    ):
        yield client


@contextlib.contextmanager
def _budget(access: Access) -> Iterator[Budget]:
    """Yield the turns of all programs; without a usable warehouse some of our own."""
    rate = access.config.requests_per_second
    host = place_of(access.config.base_url) or ""
    if access.warehouse_url:
        shared = SharedBudget(
            access.warehouse_url,
            host,
            rate,
            max_wait_seconds=MAX_WAIT_SECONDS,
            sleep=_nap,
        )
        with contextlib.closing(shared):
            if _works(shared):
                yield shared
                return
    yield LocalBudget(rate, max_wait_seconds=MAX_WAIT_SECONDS, sleep=_nap)


def _nap(seconds: float) -> None:
    time.sleep(min(seconds, LONGEST_PAUSE_SECONDS))


def _works(budget: SharedBudget) -> bool:
    try:
        budget.state()
    except WarehouseError:
        return False
    return True


@dataclass
class Visit:
    """One look at an account; what it said of itself is kept for the later checks."""

    access: Access
    open_client: Callable[[], AmocrmClient]
    account: dict[str, Any] = field(default_factory=dict)

    def check_account(self) -> Iterator[Remark]:
        """Ask which account the token opens."""
        self.client = self.open_client()
        config = self.access.config
        account = self.client.get(ACCOUNT.path, ACCOUNT.query, table=ACCOUNT.table)
        if not account or not isinstance(account.get("id"), int):
            raise ACCOUNT.error("the answer is no account")
        self.account = account
        yield ok(f"account {account['id']} ({account.get('name')}) answers")
        named = account_of(config.access_token or "")
        if named not in (None, account["id"]):
            yield warning(
                f"the token was made in account {named}",
                "see that AMOCRM_BASE_URL is the school's account",
            )
        settings = _embedded(account).get("datetime_settings")
        zone = settings.get("timezone") if isinstance(settings, dict) else None
        if zone and zone != BUSINESS_ZONE.key:
            yield note(f"the account's time zone is {zone}; the pipeline reads seconds")
        if account.get("currency") not in (None, "KZT"):
            yield warning(
                f"the account counts in {account['currency']}, the pipeline in KZT",
                "see that AMOCRM_BASE_URL is the school's account",
            )

    def check_owner(self) -> Iterator[Remark]:
        """Say whose token it is: others than administrators do not see everything."""
        owner = self.account.get("current_user_id")
        if owner is None:
            yield note("the account does not say whose token it is")
            return
        remedy = "let an administrator make the token; narrower rights hide deals"
        try:
            users = [row for page in read_pages(self.client, USERS) for row in page]
        except AccessDenied:
            yield warning(f"the token is user {owner}'s, no administrator", remedy)
            return
        rights = next((row.get("rights") for row in users if row["id"] == owner), None)
        if not isinstance(rights, dict):
            yield note(f"the token is user {owner}'s; their rights are not told")
        elif rights.get("is_active") is False:
            remedy = "make a token in the name of a user who is active"
            yield error(f"the token is user {owner}'s, who is deactivated", remedy)
        elif not rights.get("is_admin"):
            yield warning(f"the token is user {owner}'s, no administrator", remedy)
        else:
            yield ok(f"the token is user {owner}'s, an administrator")

    def check_clock(self) -> Iterator[Remark]:
        """Compare the time of AmoCRM's answers with ours."""
        skew: timedelta | None = self.client.skew
        if skew is None:
            yield note("no answer told the server's time")
        else:
            yield from judge_drift(skew)

    def check_hooks(self) -> Iterator[Remark]:
        """Say which webhooks there are, and whether AmoCRM gave ours up."""
        try:
            hooks = read_page(self.client, WEBHOOKS).rows
        except AccessDenied as denied:
            yield note(f"the webhooks are not told: {denied.message}")
            return
        ours = self.access.config.hook_address
        if ours is None:
            yield note(
                f"{len(hooks)} webhooks; AMOCRM_WEBHOOK_URL is not set, so changes "
                "come with the schedule"
            )
        yield from judge_hooks(hooks, ours)

    def check_fields(self) -> Iterator[Remark]:
        """Find the fields of deals that hold UTM parameters, and twins among them."""
        rows = [
            row for page in read_pages(self.client, FIELDS["leads"]) for row in page
        ]
        yield from judge_fields(rows)


def judge_hooks(hooks: list[dict[str, Any]], ours: str | None) -> Iterator[Remark]:
    """Judge the subscriptions; addresses are shown by their host only."""
    remedy = (
        "see that the receiver answers within two seconds; the next load subscribes it "
        "again, or switch it on in AmoCRM's settings"
    )
    mine = [hook for hook in hooks if hook.get("destination") == ours]
    for hook in hooks:
        if hook.get("disabled"):
            host = urlsplit(str(hook.get("destination"))).hostname
            say = f"AmoCRM gave up the webhook at {host}: it failed too often"
            yield error(say, remedy) if hook in mine else warning(say, "ask its owner")
    if ours and not mine:
        yield error(
            "our receiver is not subscribed",
            "the next load subscribes it; see that the token is an administrator's and "
            "the plan of the account has webhooks",
        )
    elif mine and not any(hook.get("disabled") for hook in mine):
        events = mine[0].get("settings") or []
        yield ok(f"our receiver is rung for {len(events)} kinds of change")


def judge_fields(rows: list[dict[str, Any]]) -> Iterator[Remark]:
    """Judge the fields of deals by what they are called."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        names = {str(row.get(key) or "").strip().lower() for key in ("code", "name")}
        for parameter in names.intersection(UTM):
            found[parameter].append(row["id"])
    missing = [parameter for parameter in UTM if parameter not in found]
    if missing:
        yield warning(
            f"deals have no field {', '.join(missing)}",
            "see how AmoCRM calls it now (dbt_project/seeds/amocrm_utm_fields.csv)",
        )
    twins = {name: ids for name, ids in found.items() if len(ids) > 1}
    for name, ids in sorted(twins.items()):
        yield note(
            f"{name} has {len(ids)} fields ({', '.join(map(str, sorted(ids)))}); "
            "marts.deal_utm_twins shows where they disagree"
        )
    if not missing:
        yield ok(f"{len(rows)} fields of deals, the UTM parameters among them")


def _embedded(account: dict[str, Any]) -> dict[str, Any]:
    embedded = account.get("_embedded")
    return embedded if isinstance(embedded, dict) else {}
