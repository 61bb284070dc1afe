"""Whether Facebook's raw tables are complete, asked of rows written by hand."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.ingest.facebook import checks
from pipelines.ingest.verdict import SHOWN_PROBLEMS, Verdict
from tests.conftest import NewDatabase
from tests.ingest.facebook_raw import (
    EARLIER,
    FIRST,
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


def loaded(raw: Raw) -> Verdict:
    return checks.every_account_is_loaded(raw.connection, RUN, table="ad_insights")


def test_empty_warehouse_fails_no_check(raw: Raw):
    asked = (
        loaded(raw),
        checks.nothing_is_missing(raw.connection, RUN),
        checks.asked_fields_return(raw.connection, RUN),
        checks.totals_agree(raw.connection, RUN),
        checks.bindings_hold(raw.connection, RUN),
        checks.nothing_expires_soon(raw.connection, RUN),
        checks.changed_after_freezing(raw.connection, RUN),
    )

    assert [verdict.text for verdict in asked] == [""] * 7
    assert all(verdict.passed for verdict in asked)


def test_failed_account_is_named_with_its_reason_and_its_last_success(raw: Raw):
    raw.account()
    raw.account(SECOND)
    raw.load(run=EARLIER)
    raw.load("failed", mode=None, error="facebook: no answer - try later\nsecond line")
    raw.load(account_id=SECOND)

    verdict = loaded(raw)

    [said] = verdict.errors
    assert said.startswith("act_1001: failed (last loaded 2")
    assert said.endswith("facebook: no answer - try later")
    assert verdict.facts == {"accounts": 2, "not_loaded": 1}


def test_window_that_failed_counts_until_a_later_load_covers_it(raw: Raw):
    raw.account()
    days = (YESTERDAY, TODAY)
    raw.load("failed", window=days, error="throttled")
    raw.load(window=(TODAY, TODAY))

    assert "throttled" in loaded(raw).text
    raw.load(window=(YESTERDAY - timedelta(days=3), TODAY))
    assert loaded(raw).passed


def test_account_that_was_never_in_reach_is_yellow_and_a_lost_one_red(raw: Raw):
    raw.account()
    raw.account(SECOND)
    raw.load("denied", error="no permission - give access")
    raw.load(run=EARLIER, account_id=SECOND)
    raw.load("denied", account_id=SECOND, error="no permission - give access")

    verdict = loaded(raw)

    assert verdict.warnings == (
        "act_1001: never in the token's reach; no permission - give access; until it "
        "is read or taken off its list, every team's spend is unknown (NULL)",
    )
    assert verdict.errors[0].startswith("act_1002: denied (last loaded")


def test_listed_account_that_nobody_tried_is_red(raw: Raw):
    raw.account()

    assert loaded(raw).errors == ("act_1001: never tried; run `extract` again",)


def test_backfill_that_failed_is_not_the_days_that_failed(raw: Raw):
    raw.account()
    raw.load()
    raw.load("failed", mode="backfill", error="3018")

    assert loaded(raw).passed


def test_hourly_run_that_reads_no_object_keeps_the_last_word_on_them(raw: Raw):
    raw.account()
    raw.load(table="accounts", mode="full", run=EARLIER)
    raw.load(mode="incremental")

    asked = checks.every_account_is_loaded(raw.connection, RUN, table="accounts")

    assert asked.passed


def gap(raw: Raw, field: str, *, on: date = YESTERDAY) -> None:
    raw.add(
        "gaps",
        account_id=FIRST,
        stat_date=on,
        level="ad",
        object_id="ad-7",
        field=field,
        payload={"reason": "error 1/99: unknown error"},
    )


def test_missing_field_is_yellow_and_names_ad_day_and_field(raw: Raw):
    gap(raw, "actions")
    gap(raw, "conversions")

    verdict = checks.nothing_is_missing(raw.connection, RUN)

    assert verdict.warnings == (
        "act_1001 2026-01-05: ad ad-7 lacks actions, conversions (error 1/99: unknown "
        "error); it is asked for again with every run",
    )
    assert verdict.facts == {"gaps": 1, "account_days": 1}


@pytest.mark.parametrize(("field", "said"), [("*", "whole row"), ("spend", "spend")])
def test_missing_spend_is_red(raw: Raw, field: str, said: str):
    gap(raw, field)

    assert said in checks.nothing_is_missing(raw.connection, RUN).errors[0]


def test_old_gap_says_that_nobody_asks_again(raw: Raw):
    gap(raw, "*", on=TODAY - timedelta(days=40))

    text = checks.nothing_is_missing(raw.connection, RUN).text

    assert "not asked for again" in text


def test_window_that_no_account_returns_is_noticed(raw: Raw):
    # 7d_view and 28d_view fell silent on 12 January 2026, without an error.
    asked = ["1d_view", "7d_view"]
    raw.certificate(EARLIER, windows=asked, windows_returned=asked)
    raw.certificate(RUN, windows=asked, windows_returned=["1d_view"])

    [said] = checks.asked_fields_return(raw.connection, RUN).warnings

    assert said.startswith("window 7d_view is asked for and returned by none of 1 acc")
    assert "returned until 2026-01-05" in said


def test_window_that_was_always_silent_needs_no_memory(raw: Raw):
    raw.certificate(RUN, windows_returned=["7d_click"])

    assert "never returned yet" in checks.asked_fields_return(raw.connection, RUN).text


def test_field_that_all_rows_have_lost_is_noticed(raw: Raw):
    raw.certificate(EARLIER)
    raw.certificate(RUN, fields_returned=["spend"])

    assert "field actions" in checks.asked_fields_return(raw.connection, RUN).text


@pytest.mark.parametrize(
    "details",
    [
        {"rows": 0, "fields_returned": [], "windows_returned": []},
        {"windows_returned": []},
    ],
    ids=["no rows", "no action in any row"],
)
def test_days_without_events_are_no_silence(raw: Raw, details: Mapping[str, Any]):
    raw.certificate(EARLIER)
    raw.certificate(RUN, **details)

    assert checks.asked_fields_return(raw.connection, RUN).passed


def test_field_of_an_account_that_failed_is_not_missed(raw: Raw):
    raw.certificate(EARLIER, fields_returned=["spend"])
    raw.load(
        run=EARLIER,
        account_id=SECOND,
        details={"rows": 9, "fields_returned": ["video"], "windows_returned": []},
    )
    raw.certificate(RUN, fields_returned=["spend"])

    assert checks.asked_fields_return(raw.connection, RUN).passed


def test_long_list_of_problems_is_cut_and_counted():
    verdict = Verdict(errors=("red",), warnings=("yellow",) * 30)

    assert verdict.text == "31 problems, all listed below; the first: red"
    assert verdict.problems[0] == "red"
    assert verdict.problems[-1] == "and 11 more"
    assert len(verdict.problems) == SHOWN_PROBLEMS + 1
