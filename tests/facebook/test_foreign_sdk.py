"""The second Graph API, asked by the SDK as it is: a calm one gives its whole truth."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.facebook.foreign.crowd import add_crowd, leads_of
from tests.facebook.foreign.faults import BY_NAME, TRANSIENTS
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.money import NOTHING
from tests.facebook.foreign.objects import SHOWN
from tests.facebook.foreign.paging import Oddities
from tests.facebook.foreign.server import serve
from tests.facebook.foreign.shapes import Troubles
from tests.facebook.foreign.truth import Size, make_truth

SIZE = Size(accounts=2, ads=40, days=10)
STATUSES = list(SHOWN["ads"])
EVERY_STATUS = [*STATUSES, "ARCHIVED", "DELETED"]


@contextmanager
def asked(seed=4, *, oddities=None, troubles=None):
    truth = make_truth(seed, size=SIZE)
    add_crowd(truth, Random(seed))
    graph = ForeignGraph(truth, oddities=oddities or Oddities(), troubles=troubles)
    with serve(graph) as url:
        yield truth, graph, _api(truth, url)


def _api(truth, url):
    session = FacebookSession(
        app_secret=truth.secret, access_token=truth.token, timeout=(5, 5)
    )
    session.GRAPH = url
    session.requests.trust_env = False
    return FacebookAdsApi(session, api_version="v26.0")


def window(truth, account, days=9):
    today = truth.today(account)
    return {"since": str(today - timedelta(days=days)), "until": str(today)}


def busiest(truth):
    return max(truth.accounts.values(), key=lambda account: len(account.days))


@pytest.mark.parametrize("cap", [500, 7])
def test_the_sdk_reads_every_object_and_every_day(cap):
    with asked(oddities=Oddities(cap=cap)) as (truth, _, api):
        account = busiest(truth)
        node = AdAccount(account.id, api=api)
        ads = node.get_ads(["name"], {"effective_status": EVERY_STATUS[:-1]})
        found = {ad["id"] for ad in ads}
        days = node.get_insights(
            ["ad_id", "spend"],
            {
                "level": "ad",
                "time_increment": 1,
                "limit": 500,
                "time_range": window(truth, account),
                "filtering": [
                    {
                        "field": "ad.effective_status",
                        "operator": "IN",
                        "value": EVERY_STATUS,
                    }
                ],
            },
        )
        spend = {(d["ad_id"], d["date_start"]): Decimal(d["spend"]) for d in days}

    assert found == {
        ad_id
        for ad_id in account.shelf.by_kind["ads"]
        if account.shelf.status("ads", ad_id) != "DELETED"
    }
    assert spend == {
        (ad_id, str(day)): figures.spend
        for (ad_id, day), figures in account.days.items()
    }
    assert len(spend) > 7


def test_without_a_status_old_ads_are_hidden_but_not_from_the_total():
    with asked() as (truth, _, api):
        account = busiest(truth)
        node = AdAccount(account.id, api=api)
        params = {"time_increment": 1, "time_range": window(truth, account)}
        shown = node.get_insights(["spend"], {**params, "level": "ad", "limit": 500})
        below = sum(Decimal(row["spend"]) for row in shown)
        total = sum(
            Decimal(row["spend"])
            for row in node.get_insights(params=params, fields=["spend"])
        )

    assert total == sum((f.spend for f in account.totals().values()), NOTHING.spend)
    assert below < total


def test_the_sdk_reads_a_job_a_batch_and_leads():
    with asked(seed=5) as (truth, graph, api):
        account = busiest(truth)
        node = AdAccount(account.id, api=api)
        run = node.get_insights_async(
            ["spend"], {"time_range": window(truth, account), "time_increment": 1}
        )
        while run.api_get()[AdReportRun.Field.async_status] != "Job Completed":
            pass
        while run.api_get()[AdReportRun.Field.async_percent_completion] != 100:
            pass
        total = sum(Decimal(row["spend"]) for row in run.get_insights())
        batch = api.new_batch()
        names = []
        for ad_id in list(account.shelf.by_kind["ads"])[:3]:
            Ad(ad_id, api=api).api_get(
                ["id"],
                batch=batch,
                success=lambda reply: names.append(reply.json()["id"]),
            )
        before = len(graph.calls)
        batch.execute()
        form_id = max(truth.forms, key=lambda f: len(leads_of(truth, form_id=f)))
        reply = api.call("GET", (form_id, "leads"), params={"limit": 500})

    assert total == sum((f.spend for f in account.totals().values()), NOTHING.spend)
    assert len(names) == len(graph.calls[before:-1]) == 3
    assert len(reply.json()["data"]) == len(leads_of(truth, form_id=form_id)) > 0


def test_activities_page_by_time():
    with asked(oddities=Oddities(cap=4)) as (truth, _, api):
        account = max(truth.accounts.values(), key=lambda one: len(one.activities))
        params = {"since": "2026-01-01", "until": "2027-01-01", "fields": "event_time"}
        found, token = [], None
        while True:
            more = {"__paging_token": token} if token else {}
            body = api.call(
                "GET", (account.id, "activities"), params=params | more
            ).json()
            found += body["data"]
            assert "cursors" not in body.get("paging", {})
            if not body.get("paging", {}).get("next"):
                break
            (token,) = parse_qs(urlsplit(body["paging"]["next"]).query)[
                "__paging_token"
            ]

    assert len(found) == len(account.activities) > 4


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_fault_happens_and_passes(name):
    truth = make_truth(4, size=SIZE)
    digits = busiest(truth).digits
    troubles = Troubles(plan={(digits, 1): name})
    with asked(troubles=troubles) as (truth, graph, api):
        node = AdAccount(f"act_{digits}", api=api)
        try:
            list(node.get_campaigns(["id"], {"limit": 500}))
        except Exception as error:
            broken = error
        else:
            broken = None
        list(node.get_campaigns([Campaign.Field.id], {"limit": 500}))

    assert graph.happened[name] == 1
    if name in TRANSIENTS and "empty" not in name:
        silent = {"list", "true", "spaces 200"}
        assert broken is not None or name in silent, "the SDK took it for an answer"


def test_questions_meta_would_refuse_are_refused():
    with asked() as (truth, _, api):
        node = AdAccount(busiest(truth).id, api=api)
        old = {"time_range": {"since": "2020-01-01", "until": "2020-01-02"}}
        for fields, params, code in [
            (["no_such_field"], {}, 100),
            (["spend"], old, 3018),
            (["spend"], {"level": "page"}, 100),
        ]:
            with pytest.raises(FacebookRequestError) as refused:
                node.get_insights(
                    fields, {"time_range": window(truth, busiest(truth)), **params}
                )
            assert refused.value.api_error_code() == code
