"""Facebook's rate headers: how full which limit is, and never an exception."""

import json

import pytest

from pipelines.extract.facebook.pacing import Pacer
from pipelines.extract.facebook.usage import read_limits
from tests.facebook_clock import VirtualTimer

APP = "X-App-Usage"
ACCOUNT = "X-Ad-Account-Usage"
BUSINESS = "X-Business-Use-Case-Usage"
THROTTLE = "X-FB-Ads-Insights-Throttle"


def header(name: str, content: object) -> dict[str, str]:
    return {name: json.dumps(content)}


def minutes(account: str, number: object) -> dict[str, str]:
    entry = {"type": "ads_insights", "estimated_time_to_regain_access": number}
    return header(BUSINESS, {account: [entry]})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (minutes("1", 7), 420),
        (header(ACCOUNT, {"acc_id_util_pct": 100, "reset_time_duration": 30}), 30),
        (header(ACCOUNT, {"acc_id_util_pct": 100}), 60),
        (header(ACCOUNT, {"acc_id_util_pct": 9, "reset_time_duration": 30}), 0),
        (header(APP, {"call_count": 96}), 60),
        (header(APP, {"call_count": 2, "total_time": 96}), 60),
        (header(APP, {"call_count": 95}), 0),
        (header(APP, {"call_count": 50}), 0),
        (header(THROTTLE, {"acc_id_util_pct": 99.5}), 60),
        (header(THROTTLE, {"app_id_util_pct": "99.5"}), 60),
        (minutes("1", 10**12), 86_400),
    ],
)
def test_headers_say_how_long_to_wait(headers, seconds):
    assert max(limit.wait_seconds for limit in read_limits(headers, "act_1")) == seconds


@pytest.mark.parametrize(
    "content",
    [
        "{call_count",
        "",
        "[]",
        "null",
        "7",
        '{"call_count": "NaN"}',
        '{"call_count": Infinity}',
        '{"call_count": 1e999}',
        '{"call_count": true}',
        '{"call_count": -99}',
        '{"1": "none"}',
        '{"1": [7, null, []]}',
        '{"1": [{"estimated_time_to_regain_access": [5]}]}',
        '{"acc_id_util_pct": null, "reset_time_duration": {}}',
        "[" * 100_000,
        '{"call_count": 1' + "0" * 400 + "}",
    ],
)
@pytest.mark.parametrize("name", [APP, ACCOUNT, BUSINESS, THROTTLE])
def test_a_malformed_header_asks_for_nothing(name, content):
    timer = VirtualTimer()
    pacer = Pacer(timer, jitter=lambda: 0)

    pacer.after_call({name.lower(): content}, "act_1")
    pacer.before_call("act_1", use_case="ads_insights")

    assert timer.sleeps == []
