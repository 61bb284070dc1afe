"""Reading Facebook with the SDK unmodified: nothing lost, no credential told."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from starlette.applications import Starlette

from pipelines.errors import ProtocolError, RateLimited, SourceUnreachable
from pipelines.extract.facebook import fields
from pipelines.extract.facebook.errors import AccountDenied, TokenRefused
from pipelines.extract.facebook.extractor import (
    ADS,
    CAMPAIGNS,
    Edge,
    FacebookExtractor,
)
from pipelines.extract.facebook.insights import InsightsReader
from pipelines.extract.facebook.questions import (
    ACCOUNT_DAYS,
    AD_DAYS,
    Report,
    Window,
)
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from tests.facebook_client import Reached, reaching
from tests.facebook_world import FIRST, TODAY, TOKEN, ad, days, insight, world

SECRET = "an-app-secret"
LAST_WEEK = (TODAY - timedelta(days=6), TODAY)


class Reader:
    """An extractor beside the emulator it talks to."""

    def __init__(self, reached: Reached) -> None:
        reader = InsightsReader(reached.client, reached.timer)
        self.extractor = FacebookExtractor(reached.client, reader)
        self.calls = reached.calls
        self.waits = reached.waits

    def objects(self, edge: Edge) -> list[dict]:
        return list(self.extractor.objects(FIRST, edge).rows.values())

    def insights(self, report: Report, window: Window) -> list[dict]:
        rows, _ = self.extractor.insights(FIRST, report, window)
        return rows


@contextmanager
def reading(app: Starlette, **options: Any) -> Iterator[Reader]:
    with reaching(app, **options) as reached:
        yield Reader(reached)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (fields.ACCOUNT, AdAccount.Field),
        (fields.CAMPAIGN, Campaign.Field),
        (fields.AD_SET, AdSet.Field),
        (fields.AD, Ad.Field),
        (fields.CREATIVE, AdCreative.Field),
        (fields.AD_INSIGHTS, AdsInsights.Field),
    ],
)
def test_every_field_we_ask_for_is_known_to_the_sdk(asked, known):
    assert set(asked) <= set(vars(known).values())


@pytest.mark.parametrize("ads", [3, 4, 9], ids=["one page", "exactly a page", "three"])
def test_all_pages_of_an_edge_are_read(ads):
    app = facebook_app(world(ads=ads), page_size=4)

    with reading(app) as reader:
        rows = reader.objects(ADS)

    assert [row["ad_id"] for row in rows] == [f"1001{n:04}" for n in range(ads)]
    assert rows[0] | {"payload": None} == {
        "account_id": FIRST,
        "ad_id": "10010000",
        "ad_set_id": "10018",
        "campaign_id": "10017",
        "payload": None,
    }
    assert len(reader.calls) == -(-ads // 4)


def test_requests_have_the_sdk_s_shape():
    with reading(facebook_app(world())) as reader:
        reader.extractor.account(FIRST)
        reader.objects(CAMPAIGNS)
        reader.insights(AD_DAYS, LAST_WEEK)

    node, edge, insights = reader.calls
    assert node.user_agent.startswith("fbbizsdk-python-v26")
    assert node.path == FIRST
    assert edge.params["effective_status"] == (
        '["ACTIVE","PAUSED","ARCHIVED","IN_PROCESS","WITH_ISSUES"]'
    )
    assert (edge.params["limit"], edge.params["summary"]) == ("500", "true")
    assert insights.params["time_range"] == (
        '{"since":"2025-12-31","until":"2026-01-06"}'
    )
    assert "summary" not in insights.params
    assert '"DELETED"' in insights.params["filtering"]


def test_the_account_total_is_asked_for_without_a_status_filter():
    with reading(facebook_app(world())) as reader:
        rows = reader.insights(ACCOUNT_DAYS, LAST_WEEK)

    assert "filtering" not in reader.calls[0].params
    assert [row["stat_date"] for row in rows] == days(5)


def test_spend_of_archived_and_deleted_ads_is_read():
    facebook = world(ads=1)
    for number, status in enumerate(["ARCHIVED", "DELETED"], start=1):
        hidden = ad(FIRST, number, effective_status=status)
        facebook.ads.append(hidden)
        facebook.ad_days.append(insight(FIRST, TODAY, ad_id=hidden["id"], spend="9.99"))

    with reading(facebook_app(facebook)) as reader:
        listed = reader.objects(ADS)
        spent = reader.insights(AD_DAYS, (TODAY, TODAY))

    assert [row["payload"]["effective_status"] for row in listed] == [
        "ACTIVE",
        "ARCHIVED",
    ]
    assert [row["payload"]["spend"] for row in spent] == ["1.00", "9.99", "9.99"]


def test_a_window_that_is_too_large_is_asked_for_in_smaller_pages():
    app = facebook_app(world(ads=30), faults=Faults(rows_at_most=100))

    with reading(app) as reader:
        rows = reader.insights(AD_DAYS, LAST_WEEK)

    assert len(rows) == 30 * 5
    assert [call.params["limit"] for call in reader.calls] == [
        "500",
        "250",
        "100",
        "100",
    ]


def test_a_window_that_no_page_can_hold_is_answered_by_a_report_job():
    app = facebook_app(world(ads=3), faults=Faults(rows_at_most=1))

    with reading(app) as reader:
        rows = reader.insights(AD_DAYS, LAST_WEEK)

    assert len(rows) == 3 * 5
    assert [call.method for call in reader.calls].count("POST") == 1


def test_a_passing_failure_is_tried_again():
    app = facebook_app(world(), faults=Faults(try_again=2))

    with reading(app) as reader:
        document = reader.extractor.account(FIRST)

    assert document["payload"]["timezone_name"] == "Asia/Almaty"
    assert reader.waits == [1, 2]


def test_a_failure_that_stays_is_given_up_after_some_attempts():
    app = facebook_app(world(), faults=Faults(try_again=99))

    with reading(app) as reader, pytest.raises(SourceUnreachable, match=FIRST):
        reader.extractor.account(FIRST)

    assert len(reader.calls) == 6


def test_a_limit_is_waited_for_without_smaller_pages():
    app = facebook_app(world(), faults=Faults(throttled={FIRST: 2}))

    with reading(app) as reader:
        rows = reader.objects(ADS)

    assert len(rows) == 2
    assert reader.waits == [60, 120]
    assert {call.params["limit"] for call in reader.calls} == {"500"}


def test_a_limit_that_does_not_lift_ends_the_patience():
    app = facebook_app(world(), faults=Faults(throttled={FIRST: 99}))

    with reading(app) as reader, pytest.raises(RateLimited, match="minutes"):
        reader.objects(ADS)

    assert sum(reader.waits) <= 900


def test_refusals_have_their_own_classes():
    faults = Faults(denied={FIRST})
    app = facebook_app(world(), faults=faults)

    with reading(app) as reader:
        with pytest.raises(AccountDenied, match="200"):
            reader.extractor.account(FIRST)
        with pytest.raises(AccountDenied, match="100/33"):
            reader.extractor.account("act_404")
        faults.token_expired = True
        with pytest.raises(TokenRefused, match="FACEBOOK_ACCESS_TOKEN"):
            reader.extractor.account(FIRST)


def test_an_ended_version_says_which_setting_to_change():
    app = facebook_app(world())

    with (
        reading(app, version="v21.0") as reader,
        pytest.raises(ProtocolError, match="FACEBOOK_API_VERSION"),
    ):
        reader.extractor.account(FIRST)


def test_the_app_secret_signs_every_call():
    app = facebook_app(world(), app_secret=SECRET)

    with reading(app, secret=SECRET) as reader:
        assert reader.extractor.account(FIRST)["account_id"] == FIRST
    with reading(app) as reader, pytest.raises(ProtocolError, match="appsecret_proof"):
        reader.extractor.account(FIRST)


def test_no_credential_is_told_by_errors_logs_or_rows(caplog):
    caplog.set_level(logging.DEBUG)
    app = facebook_app(world(ads=3), app_secret=SECRET, page_size=1)
    told: list[str] = []

    with reading(app, secret=SECRET) as reader:
        told += map(repr, reader.objects(ADS))
    with pytest.raises(SourceUnreachable) as unreachable:
        reader.extractor.account(FIRST)
    error: BaseException | None = unreachable.value
    while error:
        told.append(repr(error))
        error = error.__cause__ or error.__context__
    told += [record.getMessage() for record in caplog.records]

    assert any("urllib3" in record.name for record in caplog.records)
    for text in told:
        assert TOKEN not in text
        assert SECRET not in text


def test_the_sdk_s_globals_stay_untouched():
    with reading(facebook_app(world())) as reader:
        reader.extractor.account(FIRST)

    assert FacebookAdsApi.get_default_api() is None


def test_a_proxy_of_the_environment_does_not_stand_before_loopback(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    with reading(facebook_app(world())) as reader:
        assert reader.extractor.account(FIRST)["account_id"] == FIRST
