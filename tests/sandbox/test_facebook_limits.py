"""The Facebook emulator's limits, access and versions: what is refused, and how."""

import json

import pytest
from facebook_business.exceptions import FacebookRequestError

from tests.facebook_clock import VirtualTimer
from tests.facebook_world import FIRST, SECOND, world
from tests.sandbox.graph import asking, error_of

BUSINESS = "x-business-use-case-usage"
ACCOUNT = "x-ad-account-usage"


def test_a_limit_on_the_second_page_stops_the_sdk_midway():
    with asking(world(ads=5), page_size=2, limit_on_page_two=1) as ask:
        with pytest.raises(FacebookRequestError) as refused:
            list(ask.account.get_ads(fields=["name"]))

        assert refused.value.api_error_code() == 17
        assert [("after" in call.params) for call in ask.calls] == [False, True]
        assert len(list(ask.account.get_ads(fields=["name"]))) == 5


def test_minutes_of_the_business_stand_against_seconds_of_the_account():
    usage = {"type": "ads_management", "estimated_time_to_regain_access": 7}
    headers = {
        BUSINESS: json.dumps({"1001": [usage]}),
        ACCOUNT: json.dumps({"acc_id_util_pct": 100, "reset_time_duration": 30}),
    }

    with asking(throttled={FIRST: 1}, limit_headers=headers) as ask:
        refused, answered = ask.get(f"{FIRST}/"), ask.get(f"{FIRST}/")

    assert error_of(refused) == (80000, 2446079)
    assert {name: refused.headers[name] for name in headers} == headers
    assert answered.status_code == 200
    assert answered.headers[ACCOUNT] != headers[ACCOUNT]


def test_a_limit_lifts_when_its_moment_has_come():
    timer = VirtualTimer()

    with asking(limit_until=timer.now() + 60, now=timer.now) as ask:
        refused = ask.get(f"{FIRST}/")
        timer.sleep(59)
        still = ask.get(f"{FIRST}/")
        timer.sleep(1)
        lifted = ask.get(f"{FIRST}/")

    assert error_of(refused) == error_of(still) == (80004, 2446079)
    assert lifted.status_code == 200


def test_a_limit_may_never_lift():
    timer = VirtualTimer()

    with asking(limit_until=float("inf"), now=timer.now) as ask:
        timer.sleep(1e9)

        assert error_of(ask.get(f"{FIRST}/")) == (80004, 2446079)


def test_headers_say_what_a_test_wants():
    with asking(usage_headers={"x-app-usage": '{"call_count": 96}'}) as ask:
        headers = ask.get(f"{FIRST}/").headers

    assert json.loads(headers["x-app-usage"]) == {"call_count": 96}
    assert json.loads(headers[ACCOUNT])["reset_time_duration"] == 0


def test_malformed_headers_are_no_json():
    with asking(malformed_headers=True) as ask:
        headers = ask.get(f"{FIRST}/").headers

    for name in (BUSINESS, ACCOUNT, "x-app-usage", "x-fb-ads-insights-throttle"):
        with pytest.raises(ValueError, match="double quotes"):
            json.loads(headers[name])


def test_malformed_headers_come_with_refusals_too():
    with asking(malformed_headers=True, throttled={FIRST: 1}) as ask:
        refused = ask.get(f"{FIRST}/")

    assert error_of(refused) == (80000, 2446079)
    assert refused.headers[BUSINESS].startswith("{")


def test_one_account_is_throttled_and_others_are_not():
    with asking(world([FIRST, SECOND]), throttled={SECOND: 99}) as ask:
        assert error_of(ask.get(f"{SECOND}/ads")) == (80000, 2446079)
        assert ask.get(f"{FIRST}/ads").status_code == 200


def test_an_account_is_lost_midway():
    with (
        asking(world(ads=5), page_size=2, revoked={FIRST: 2}) as ask,
        pytest.raises(FacebookRequestError, match="NOT grant"),
    ):
        list(ask.account.get_ads(fields=["name"]))

    assert len(ask.calls) == 3


def test_an_ended_version_and_an_expired_token_refuse_everything():
    with asking(version_ended=True) as ask:
        assert error_of(ask.get("me/adaccounts")) == (2635, None)
    with asking(token_expired=True) as ask:
        assert error_of(ask.get("me/adaccounts")) == (190, 463)


def test_a_passing_failure_passes():
    with asking(try_again=1) as ask:
        failed, answered = ask.get(f"{FIRST}/"), ask.get(f"{FIRST}/")

    assert (failed.status_code, error_of(failed)) == (500, (2, None))
    assert answered.status_code == 200
