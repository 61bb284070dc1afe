"""What the checks of Facebook's raw tables say, asked of rows written by hand."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pipelines.catalog import load_catalog
from pipelines.ingest.facebook import checks
from pipelines.ingest.facebook.checks import SHOWN_PROBLEMS, Verdict
from pipelines.load.log import Outcome, RunInfo, record_load
from pipelines.warehouse import connect, prepare
from tests.conftest import NewDatabase

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
FIRST, SECOND = "act_1001", "act_1002"
RUN = RunInfo("run-2", NOW)
EARLIER = RunInfo("run-1", NOW - timedelta(days=1))


class Raw:
    """Facebook's raw tables, filled row by row."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def add(self, table: str, **values: Any) -> None:
        values |= {"_loaded_at": NOW, "_run_id": "run-2"}
        names = ", ".join(values)
        slots = ", ".join(["%s"] * len(values))
        self.connection.execute(
            f"insert into raw.facebook__{table} ({names}) values ({slots})",
            [Jsonb(v) if isinstance(v, dict) else v for v in values.values()],
        )

    def account(
        self,
        account_id: str = FIRST,
        *,
        lists: tuple[str, ...] = ("traffic.traffic_teams",),
        **payload: str,
    ) -> None:
        payload = {"currency": "USD", "timezone_name": "Asia/Almaty"} | payload
        listed = {"listed_by": list(lists)}
        self.add("listed_accounts", account_id=account_id, payload=listed)
        self.add("accounts", account_id=account_id, payload=payload)

    def day(
        self, spend: str, *ads: str, on: date = YESTERDAY, account_id: str = FIRST
    ) -> None:
        """Write an account's total of a day, and the spend of each of its ads."""
        common = {"account_id": account_id, "stat_date": on}
        payload = {"spend": spend, "account_currency": "USD"}
        self.add("account_insights", **common, payload=payload)
        for number, amount in enumerate(ads):
            payload = {"spend": amount}
            self.add("ad_insights", **common, ad_id=f"ad-{number}", payload=payload)

    def load(
        self,
        outcome: Outcome = "loaded",
        *,
        account_id: str = FIRST,
        table: str = "ad_insights",
        run: RunInfo = RUN,
        **more: Any,
    ) -> None:
        more = {"mode": "window"} | more
        record_load(
            self.connection,
            run=run,
            system="facebook",
            table=table,
            outcome=outcome,
            scope=account_id,
            **more,
        )

    def certificate(self, run: RunInfo, *, rows: int = 5, **details: Any) -> None:
        found = {
            "rows": rows,
            "windows": ["1d_view", "7d_click"],
            "windows_returned": ["1d_view", "7d_click"],
            "fields_returned": ["actions", "spend"],
        }
        self.load(run=run, details=found | details)


@pytest.fixture
def raw(new_database: NewDatabase) -> Iterator[Raw]:
    with connect(new_database()) as connection:
        prepare(connection, load_catalog())
        connection.commit()
        connection.autocommit = True
        yield Raw(connection)


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
        "act_1001: never in the token's reach; no permission - give access",
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


def test_ads_that_do_not_add_up_are_named_by_day(raw: Raw):
    raw.account()
    raw.day("10.00", "6.00", "3.00")
    raw.day("10.00", "6.00", "3.95", on=YESTERDAY - timedelta(days=1))

    verdict = checks.totals_agree(raw.connection, RUN)

    [said] = verdict.warnings
    assert "act_1001 2026-01-05: the account spent 10.00 USD, its ads 9.00" in said
    assert verdict.facts == {
        "account_days": 2,
        "account_days_apart": 1,
        "worst_pct": 10.0,
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

    assert "spent 0 USD, its ads 2" in checks.totals_agree(raw.connection, RUN).text


def test_running_day_of_the_account_is_not_compared(raw: Raw):
    raw.account(timezone_name="America/Los_Angeles")
    # 03:00 UTC on the 6th is still the 5th there.
    raw.day("10.00", "6.00")

    assert checks.totals_agree(raw.connection, RUN).passed


def test_spend_that_no_team_has_bound_is_named(raw: Raw):
    raw.account(lists=("configuration", "landing.integration_ad_accounts"))
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


def test_long_list_of_problems_is_cut_and_counted():
    verdict = Verdict(errors=("red",), warnings=("yellow",) * 30)

    lines = verdict.text.splitlines()

    assert lines[0] == "red"
    assert lines[-1] == "and 11 more"
    assert len(lines) == SHOWN_PROBLEMS + 1
