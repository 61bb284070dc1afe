"""Facebook's past: forecast before it starts, loaded newest first, never twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipelines.errors import ConfigurationError, RateLimited
from pipelines.ingest.facebook.backfill import Backfill, open_backfill
from pipelines.load.log import RunInfo
from tests.facebook_world import FIRST, NOW, SECOND, THIRD, insight, world
from tests.ingest.facebook_house import ALL, Pipeline, opened, spend_of

FOUR_MONTHS = (date(2025, 9, 1), date(2025, 12, 31))


@contextmanager
def surveyed(pipeline: Pipeline, **options) -> Iterator[Backfill]:
    settings = {"window": FOUR_MONTHS, **options}
    with open_backfill(
        pipeline.warehouse_url,
        pipeline.config,
        databases={},
        run=RunInfo(run_id="backfill", as_of=NOW),
        on_progress=pipeline.said.append,
        timer=pipeline.timer,
        **settings,
    ) as backfill:
        yield backfill


def past(facebook, account_id: str, *, first: date, days: int) -> None:
    for number in range(days):
        day = first + timedelta(days=number)
        ad_id = f"{account_id[4:]}0000"
        facebook.ad_days.append(insight(account_id, day, ad_id=ad_id, spend="2.00"))
        facebook.account_days.append(insight(account_id, day, spend="2.50"))


def old_world():
    facebook = world(ALL, ads=1, history=1)
    past(facebook, FIRST, first=date(2025, 9, 20), days=60)
    past(facebook, SECOND, first=date(2025, 12, 1), days=3)
    return facebook


def test_months_come_newest_first_and_hold_every_cent(new_warehouse):
    facebook = old_world()

    with opened(facebook, new_warehouse()) as pipeline, surveyed(pipeline) as backfill:
        months = list(backfill.months())

        assert [month.first for month in months] == [
            date(2025, 12, 1), date(2025, 11, 1), date(2025, 10, 1), date(2025, 9, 1),
        ]  # fmt: skip
        for account_id in (FIRST, SECOND):
            old = [r for r in facebook.ad_days if r["date_start"] < "2026-01-01"]
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                old, account_id
            )
        # The days of an ad name it, so that its links are known too.
        assert (FIRST,) in pipeline.rows("select account_id from raw.facebook__ads")


def test_each_month_is_certified_by_itself(new_warehouse):
    with (
        opened(old_world(), new_warehouse()) as pipeline,
        surveyed(pipeline) as backfill,
    ):
        list(backfill.months())

        certified = pipeline.rows(
            "select sum((details ->> 'rows')::int), "
            "sum((details ->> 'spend')::numeric) from raw._loads "
            "where table_name = 'account_insights' and scope = %s",
            FIRST,
        )
    assert certified == [(60, 150)]


def test_the_forecast_is_made_of_days_with_delivery(new_warehouse):
    with opened(old_world(), new_warehouse()) as pipeline:
        with surveyed(pipeline) as backfill:
            forecast = backfill.forecast
            asked = len(pipeline.calls)
            list(backfill.months())
        insights = [call for call in pipeline.calls[asked:] if "insights" in call.path]

    assert forecast.days_with_delivery == 63
    # October has more days than one question may ask for.
    assert forecast.calls == len(insights) == 5
    by_account = {one.account_id: one for one in forecast.accounts}
    assert by_account[THIRD].calls == 0
    assert by_account[FIRST].months_to_load == 4
    assert "about 5 calls" in str(forecast)


def test_frozen_months_are_not_read_twice(new_warehouse):
    with opened(old_world(), new_warehouse()) as pipeline:
        with surveyed(pipeline) as backfill:
            list(backfill.months())
        with surveyed(pipeline) as backfill:
            again = {a.account_id: a for a in backfill.forecast.accounts}
            months = list(backfill.months())
        with surveyed(pipeline, again=True) as backfill:
            forced = {a.account_id: a for a in backfill.forecast.accounts}

    # December still moves: its last days are younger than four weeks.
    assert (again[FIRST].months_to_load, again[FIRST].months_done) == (1, 3)
    assert months[-1].skipped == ALL
    assert forced[FIRST].months_to_load == 4


def test_a_throttled_account_stops_where_it_is_and_goes_on_next_time(new_warehouse):
    facebook = old_world()

    with opened(facebook, new_warehouse()) as pipeline:
        with surveyed(pipeline) as backfill:
            pipeline.faults.throttled[FIRST] = 10_000
            with pytest.raises(RateLimited, match=FIRST):
                list(backfill.months())
        pipeline.faults.throttled.clear()
        with surveyed(pipeline) as backfill:
            list(backfill.months())

        old = [r for r in facebook.ad_days if r["date_start"] < "2026-01-01"]
        assert pipeline.spend("ad_insights", FIRST) == spend_of(old, FIRST)


def test_facebook_is_not_asked_for_days_it_does_not_keep(new_warehouse):
    facebook = world((FIRST,), ads=1, history=1)
    facebook.accounts[0]["created_time"] = "2015-01-01T00:00:00+0500"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        with surveyed(pipeline, window=(date(2019, 1, 1), NOW.date())):
            asked = [
                c.params["time_range"] for c in pipeline.calls if "insights" in c.path
            ]

    assert asked == ['{"since":"2022-12-07","until":"2026-01-06"}']


def test_an_account_that_no_list_names_is_an_error_that_lists_ours(new_warehouse):
    with (
        opened(world(ALL), new_warehouse()) as pipeline,
        pytest.raises(ConfigurationError, match=r"act_9 *; listed are: act_1001"),
        surveyed(pipeline, accounts=("act_9",)),
    ):
        pass
