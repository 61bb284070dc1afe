"""What Facebook's raw tables warn of: money, teams, ends, asked of rows by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.ingest.facebook import checks
from tests.conftest import NewDatabase
from tests.ingest.facebook_raw import (
    FIRST,
    NOW,
    RUN,
    SECOND,
    TODAY,
    YESTERDAY,
    Raw,
    prepared,
)


@pytest.fixture
def raw(new_warehouse: NewDatabase) -> Iterator[Raw]:
    with prepared(new_warehouse()) as tables:
        yield tables


def test_account_whose_ads_do_not_add_up_is_named_with_its_days(raw: Raw):
    raw.account()
    raw.day("10.00", "6.00", "3.00")
    raw.day("10.00", "6.00", "3.95", on=YESTERDAY - timedelta(days=1))
    raw.day("20.00", "6.00", "9.00", on=YESTERDAY - timedelta(days=2))

    verdict = checks.totals_agree(raw.connection, RUN)

    [said] = verdict.warnings
    assert said.startswith(
        "act_1001: on 2 days between 2026-01-03 and 2026-01-05 its ads are up to "
        "25.0 % away from its own total, by 6.00 USD in all"
    )
    assert verdict.facts == {
        "account_days": 3,
        "account_days_apart": 2,
        "worst_pct": 25.0,
    }


def test_ads_without_a_total_do_not_agree_with_it(raw: Raw):
    raw.account()
    raw.add(
        "ad_insights",
        account_id=FIRST,
        stat_date=YESTERDAY,
        ad_id="ad-1",
        payload={"spend": "2"},
    )

    text = checks.totals_agree(raw.connection, RUN).text

    assert "on 2026-01-05 its ads are up to 100.0 % away" in text
    assert "by -2 USD" in text


def test_running_day_of_the_account_is_not_compared(raw: Raw):
    raw.account(timezone_name="America/Los_Angeles")
    # 03:00 UTC on the 6th is still the 5th there.
    raw.day("10.00", "6.00")

    assert checks.totals_agree(raw.connection, RUN).passed


def test_spend_that_no_team_has_bound_is_named(raw: Raw):
    raw.account(lists=("configuration", "traffic.traffic_targetologist_settings"))
    raw.account(SECOND, lists=("traffic.traffic_ad_account_bindings",))
    raw.day("7.00")
    raw.day("8.00", account_id=SECOND)

    [said] = checks.bindings_hold(raw.connection, RUN).warnings

    assert said.startswith("act_1001 spent 7.00 USD in 28 days and is bound to no team")


def test_bound_account_out_of_reach_is_named(raw: Raw):
    raw.account()
    raw.load("denied", error="no permission")

    assert "is bound to a team (traffic.traffic_teams) but out of" in (
        checks.bindings_hold(raw.connection, RUN).text
    )


def test_switched_currency_is_named_with_both_values(raw: Raw):
    raw.account()
    switched = NOW - timedelta(days=3)
    common = {"object_kind": "account", "object_id": FIRST, "account_id": FIRST}
    for value, seen in (("USD", NOW - timedelta(days=60)), ("EUR", switched)):
        raw.add(
            "object_versions",
            **common,
            attribute="currency",
            seen_from=seen,
            value=value,
        )

    [said] = checks.bindings_hold(raw.connection, RUN).warnings

    assert said.startswith(
        "act_1001 changed its currency from USD to EUR on 2026-01-03"
    )


@pytest.mark.parametrize(
    ("days", "errors", "warnings"), [(-1, 1, 0), (13, 0, 1), (15, 0, 0)]
)
def test_what_ends_is_told_two_weeks_before(
    raw: Raw, days: int, errors: int, warnings: int
):
    ends = NOW + timedelta(days=days)
    raw.add("expiries", kind="token", subject="1", expires_at=ends, payload={})

    verdict = checks.nothing_expires_soon(raw.connection, RUN)

    assert (len(verdict.errors), len(verdict.warnings)) == (errors, warnings)
    if verdict.errors:
        assert verdict.text == (
            "token 1 ended on 2026-01-05; make a new token and set "
            "FACEBOOK_ACCESS_TOKEN"
        )


@pytest.mark.parametrize(
    ("read_before", "is_news"), [(40, True), (10, False)], ids=["frozen", "young"]
)
def test_change_of_a_frozen_day_is_told_with_its_money(
    raw: Raw, read_before: int, is_news: bool
):
    day = TODAY - timedelta(days=60)
    raw.account()
    raw.add(
        "restatements",
        level="account",
        account_id=FIRST,
        object_id=FIRST,
        stat_date=day,
        read_at=NOW,
        read_before_at=datetime.combine(day, datetime.min.time(), UTC)
        + timedelta(days=read_before),
        payload={"old": {"spend": "5.00"}, "new": None},
    )

    verdict = checks.changed_after_freezing(raw.connection, RUN)

    assert verdict.passed is not is_news
    if is_news:
        assert "2025-11-07 changed at level account" in verdict.text
        assert "spend by -5.00" in verdict.text


def test_yesterday_is_each_account_s_own_and_summed_by_currency(raw: Raw):
    raw.account()
    raw.account(SECOND, timezone_name="America/Los_Angeles", currency="EUR")
    for on, spend in ((TODAY, "1"), (YESTERDAY, "2"), (date(2026, 1, 4), "4")):
        raw.day(spend, on=on)
        raw.day(spend, on=on, account_id=SECOND)

    spent = checks.spend_of_yesterday(raw.connection, RUN)

    assert spent == {"EUR": Decimal(4), "USD": Decimal(2)}
