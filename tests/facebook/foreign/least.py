"""The least number of calls that a run can do with, from the truth alone.

A page holds 500 rows, or what the server's own cap says. How a run really asks is
counted in `graph.py`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from tests.facebook.foreign.crowd import leads_of
from tests.facebook.foreign.objects import KINDS, STATUS_FIELD
from tests.facebook.foreign.truth import ALMATY, Account, Truth

LARGEST_PAGE = 500
# Objects that were known before a run, by kind: id and status.
Known = Mapping[str, Mapping[str, str]]
NOTHING_KNOWN: Known = {kind: {} for kind in KINDS}


def least_calls(
    truth: Truth,
    *,
    cap: int = LARGEST_PAGE,
    known: Known = NOTHING_KNOWN,
    days: int = 28,
    edits_since: datetime | None = None,
) -> Counter[str]:
    """Return the calls that a daily run needs, by what they are for."""
    size = min(cap, LARGEST_PAGE)
    calls: Counter[str] = Counter()
    for account in truth.accounts.values():
        first = truth.today(account) - timedelta(days=days)
        calls["account"] += 1
        calls += _insight_calls(account, first, size)
        if account.node["timezone_name"] != ALMATY:
            calls["hourly insights"] += _pages(_hours(account, first), size)
        calls += _object_calls(account, first, size, known)
        since = edits_since or truth.now - timedelta(days=28)
        calls["activities"] += _pages(_edits(account, since), size)
    calls += _form_calls(truth, size)
    for form_id in truth.forms:
        leads = len(leads_of(truth, form_id=form_id))
        if leads or truth.forms[form_id]["expired_leads_count"]:
            calls["leads"] += _pages(leads, size)
    calls["token"] += 1
    return calls


def _form_calls(truth: Truth, size: int) -> Counter[str]:
    pages, forms = truth.pages, truth.forms.values()
    return Counter(
        accounts=_pages(len(pages), size),
        leadgen_forms=sum(
            _pages(sum(form["page_id"] == page_id for form in forms), size)
            for page_id in pages
        ),
    )


def least_hourly_calls(
    truth: Truth, *, cap: int = LARGEST_PAGE, known: Known = NOTHING_KNOWN
) -> Counter[str]:
    """Return the calls of an hourly run: two days, and lists with unknown objects.

    The account is asked for too, for its zone says which days these are; and the forms,
    for their counts say whether there are new leads. Here are none.
    """
    size = min(cap, LARGEST_PAGE)
    calls = _form_calls(truth, size)
    for account in truth.accounts.values():
        first = truth.today(account) - timedelta(days=1)
        calls["account"] += 1
        calls += _insight_calls(account, first, size)
        unknown = {
            kind: ids - set(known[kind])
            for kind, ids in mentioned(account, first).items()
        }
        for kind, ids in unknown.items():
            calls[kind] += _pages(len(_listed(account, kind)), size) if ids else 0
    return calls


def _insight_calls(account: Account, first: date, size: int) -> Counter[str]:
    rows = sum(day >= first for _, day in account.days)
    days = sum(day >= first for day in account.totals())
    # Without a day of the account's own there is nothing to ask of its ads.
    ads = _pages(rows, size) if days else 0
    return Counter({"account insights": _pages(days, size), "ad insights": ads})


def _hours(account: Account, first: date) -> int:
    return sum(
        bool(figures.spend or figures.impressions)
        for day, hours in account.hours().items()
        if day >= first
        for figures in hours
    )


def _edits(account: Account, since: datetime) -> int:
    return sum(
        datetime.fromisoformat(entry["event_time"]) >= since
        for entry in account.activities
    )


def _object_calls(
    account: Account, first: date, size: int, known: Known
) -> Counter[str]:
    calls: Counter[str] = Counter()
    wanted = mentioned(account, first)
    for kind in KINDS:
        listed = _listed(account, kind)
        calls[kind] += _pages(len(listed), size)
        own = account.shelf.by_kind[kind]
        held = {i for i in known[kind] if i in own}
        done = {i for i in held if known[kind][i] == "DELETED"}
        calls["objects by id"] += len((held | wanted[kind]) - listed - done)
    return calls


def mentioned(account: Account, first: date) -> dict[str, set[str]]:
    """Return the objects that days name, and the creatives of those ads and lists."""
    shelf = account.shelf
    ads = {ad_id for ad_id, day in account.days if day >= first}
    documents = [shelf.by_kind["ads"][ad_id] for ad_id in ads]
    # An ad that is gone names no creative any more.
    shown = _listed(account, "ads") | (ads - shelf.gone)
    creatives = [shelf.by_kind["ads"][ad_id].get("creative") for ad_id in shown]
    return {
        "campaigns": {str(ad["campaign_id"]) for ad in documents},
        "adsets": {str(ad["adset_id"]) for ad in documents},
        "ads": ads,
        "adcreatives": {str(creative["id"]) for creative in creatives if creative},
    }


def _listed(account: Account, kind: str) -> set[str]:
    shelf = account.shelf
    status = STATUS_FIELD.get(kind, "effective_status")
    return {
        object_id
        for object_id, document in shelf.by_kind[kind].items()
        if document[status] != "DELETED" and object_id not in shelf.gone
    }


def _pages(rows: int, size: int) -> int:
    return max(1, math.ceil(rows / size))


def surplus(made: Iterable[str], least: Counter[str]) -> dict[str, int]:
    """Return by purpose how many calls more, or fewer, were made than needed."""
    counted = Counter(made)
    return {
        purpose: counted[purpose] - least[purpose]
        for purpose in sorted(counted.keys() | least.keys())
        if counted[purpose] != least[purpose]
    }
