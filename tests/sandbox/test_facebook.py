"""The Facebook emulator, asked by the SDK and by hand: it answers as the Graph API."""

import json
from collections.abc import Iterator

import httpx
import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from tests.facebook_world import FIRST, SECOND, TODAY, TOKEN, ad, world

RANGE = {"since": "2026-01-05", "until": str(TODAY)}
INSIGHTS = {"level": "ad", "time_increment": 1, "time_range": RANGE}


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def url(faults: Faults) -> Iterator[str]:
    facebook = world([FIRST, SECOND], ads=5)
    facebook.ads.append(ad(FIRST, 99, effective_status="ARCHIVED"))
    with serve(facebook_app(facebook, faults=faults, page_size=3)) as address:
        yield address


@pytest.fixture(scope="module")
def api(url: str) -> FacebookAdsApi:
    session = FacebookSession(access_token=TOKEN, timeout=10)
    session.GRAPH = url
    return FacebookAdsApi(session, api_version="v26.0")


def asked(url: str, path: str, **params: object) -> httpx.Response:
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in params.items()
    }
    return httpx.get(f"{url}/v26.0/{path}", params={"access_token": TOKEN, **texts})


def error_of(response: httpx.Response) -> tuple[int, int | None]:
    error = response.json()["error"]
    return error["code"], error.get("error_subcode")


def test_the_sdk_lists_the_accounts_of_the_token(api):
    accounts = User("me", api=api).get_ad_accounts(fields=["name", "currency"])

    assert [(one["id"], one["currency"]) for one in accounts] == [
        (FIRST, "USD"),
        (SECOND, "USD"),
    ]


def test_the_sdk_pages_through_the_visible_ads(api):
    ads = AdAccount(FIRST, api=api).get_ads(fields=["name"], params={"limit": 2})

    assert len(list(ads)) == 5
    assert ads.total() == 5


def test_archived_ads_are_shown_on_request_only(url):
    shown = asked(url, f"{FIRST}/ads", effective_status=["ARCHIVED"])

    assert [row["id"] for row in shown.json()["data"]] == ["10010099"]


def test_pages_have_cursors_and_the_last_has_no_next(url):
    first = asked(url, f"{FIRST}/ads", limit=3).json()
    after = first["paging"]["cursors"]["after"]
    last = asked(url, f"{FIRST}/ads", limit=3, after=after).json()

    assert len(first["data"]) == 3
    assert (
        f"after={after}".replace("=", "%3D").replace("after%3D", "after=")
        in (first["paging"]["next"])
    )
    assert len(last["data"]) == 2
    assert "next" not in last["paging"]


def test_only_the_requested_fields_come_and_zeros_do_not(url):
    row = asked(
        url, f"{FIRST}/insights", **INSIGHTS, fields="spend,clicks,ad_id"
    ).json()["data"][0]

    assert row == {
        "ad_id": "10010000",
        "spend": "1.00",
        "date_start": "2026-01-05",
        "date_stop": "2026-01-05",
    }


def test_the_sdk_runs_a_report_to_its_result(api):
    run = AdAccount(FIRST, api=api).get_insights_async(
        fields=["ad_id", "spend"], params=dict(INSIGHTS)
    )
    states = [run.api_get()["async_status"], run.api_get()["async_status"]]
    rows = AdReportRun(run["report_run_id"], api=api).get_insights()

    assert states == ["Job Running", "Job Completed"]
    assert len(list(rows)) == 10


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("me/adaccounts", {"access_token": ""}, (2500, None)),
        ("me/adaccounts", {"access_token": "wrong"}, (190, None)),
        ("act_404/", {}, (100, 33)),
        ("404/", {}, (100, 33)),
        (f"{FIRST}/", {"fields": "id,colour"}, (100, None)),
        (f"{FIRST}/ads", {"fields": "id,spend"}, (100, None)),
        (f"{FIRST}/ads", {"effective_status": "ACTIVE"}, (100, None)),
        (f"{FIRST}/ads", {"after": "nowhere"}, (100, None)),
        (f"{FIRST}/ads", {"limit": "0"}, (100, None)),
        (f"{FIRST}/clouds", {}, (2500, None)),
        (f"{FIRST}/insights", {}, (100, None)),
        (f"{FIRST}/insights", {**INSIGHTS, "fields": "ad_colour"}, (100, None)),
        (f"{FIRST}/insights", {**INSIGHTS, "level": "galaxy"}, (100, None)),
        (f"{FIRST}/insights", {**INSIGHTS, "time_range": "today"}, (100, None)),
        (f"{FIRST}/insights", {**INSIGHTS, "filtering": [{"field": 1}]}, (100, None)),
    ],
)
def test_wrong_requests_are_refused_as_by_facebook(url, path, params, code):
    response = asked(url, path, **params)

    assert response.status_code == 400
    assert error_of(response) == code


def test_old_versions_have_ended(url):
    response = httpx.get(f"{url}/v18.0/{FIRST}/", params={"access_token": TOKEN})

    assert error_of(response) == (2635, None)


def test_faults_are_switched_on_and_off(url, faults):
    faults.denied.add(SECOND)
    denied = asked(url, f"{SECOND}/campaigns")
    others = asked(url, "me/adaccounts").json()["data"]
    faults.denied.clear()

    assert (denied.status_code, error_of(denied)) == (403, (200, None))
    assert [one["id"] for one in others] == [FIRST]
    assert asked(url, f"{SECOND}/campaigns").status_code == 200


def test_answers_carry_the_rate_headers(url):
    headers = asked(url, f"{FIRST}/").headers

    assert json.loads(headers["x-app-usage"])["call_count"] == 1
    assert json.loads(headers["x-ad-account-usage"])["reset_time_duration"] == 0
