"""Weekly plans: the formula, human edits, completion, status and forecast."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from pipelines.sandbox.answers.forecasts import backtest_wape, forecast
from pipelines.sandbox.answers.plans import (
    PlanSettings,
    completion,
    planned,
    share_pct,
    status,
)
from tests.sandbox.answers.tiny import at, deal, marts, source, stamp

MONDAY = date(2025, 12, 29)


def previous(revenue=0, sales=0, spend=0, roas=None, cpa=None):
    amounts = {"revenue_kzt": revenue, "spend_usd": spend, "roas": roas, "cpa_usd": cpa}
    exact = {
        name: None if value is None else Decimal(value)
        for name, value in amounts.items()
    }
    return exact | {"sales": sales}


def plans(**parts):
    sold = [deal(1, source("buyera"), closed_at=stamp(16), price=Decimal("1000.50"))]
    found = marts(leads=sold, **parts)["traffic_weekly_plans"]
    return {(row["team_name"], row["week_start"]): row for row in found}


def edited(**more):
    row = {"team_name": " alpha", "week_start": "2025-12-22", "updated_at": at(23)}
    return {"traffic": {"traffic_weekly_plans": [row | more]}}


def test_a_plan_grows_from_the_week_before_without_floats():
    plan = planned(previous(1_000_000, 50, 800, "2.4", 40), PlanSettings())

    assert list(plan.values()) == [1_100_000, 55, 840, Decimal("2.52"), 38]
    assert planned(previous(sales=100), PlanSettings())["plan_sales"] == 110


def test_a_plan_from_nothing_keeps_to_its_floors():
    plan = planned(previous(), PlanSettings())

    assert list(plan.values()) == [0, 1, 0, Decimal("1.5"), 60]


def test_unknown_spend_leaves_the_planned_spend_unknown():
    assert planned(previous(spend=None), PlanSettings())["plan_spend_usd"] is None


def test_completion_is_the_mean_of_the_parts_that_have_a_plan():
    revenue, sales = share_pct(500_000, 1_000_000), share_pct(30, 50)

    assert completion(revenue, sales) == 55
    assert completion(revenue, share_pct(3, 0)) == 50
    assert completion(share_pct(0, 0), share_pct(3, 0)) is None
    assert completion(share_pct(Decimal("0.125"), 1)) == 13


@pytest.mark.parametrize(
    ("today", "reached", "expected"),
    [
        (MONDAY - timedelta(1), None, "pending"),
        (MONDAY, 99, "in_progress"),
        (MONDAY, 100, "completed"),
        (MONDAY + timedelta(7), 99, "failed"),
    ],
)
def test_the_status_follows_the_week_and_what_is_reached(today, reached, expected):
    assert status(MONDAY, today, reached, is_cancelled=False) == expected
    assert status(MONDAY, today, reached, is_cancelled=True) == "cancelled"


def test_plans_run_from_the_second_week_to_the_current_one():
    found = plans()

    weeks = [start for team, start in found if team == "Alpha"]
    assert weeks == [date(2025, 12, 22), MONDAY, date(2026, 1, 5)]
    assert {team for team, _ in found} == {"Alpha", "Beta"}
    second = found["Alpha", MONDAY]
    assert (second["week_number"], second["year"]) == (1, 2026)
    assert str(second["week_end"]) == "2026-01-04"


def test_a_plan_stores_the_week_it_was_made_from_and_its_actuals():
    row = plans()["Alpha", date(2025, 12, 22)]

    assert (row["prev_week_revenue_kzt"], row["prev_week_sales"]) == (
        Decimal("1000.50"),
        1,
    )
    assert (row["plan_revenue_kzt"], row["plan_sales"]) == (1101, 2)
    assert (row["actual_revenue_kzt"], row["status"]) == (0, "failed")
    assert (row["completion_pct"], row["revenue_completion_pct"]) == (0, 0)


def test_an_adjusted_plan_wins_field_by_field_and_notes_alone_change_nothing():
    key = "Alpha", date(2025, 12, 22)

    adjusted = plans(**edited(adjusted_by="head", plan_sales=9, plan_revenue=None))[key]
    noted = plans(**edited(admin_notes="holiday", plan_sales=9))[key]
    stopped = plans(**edited(status="cancelled"))[key]

    assert (adjusted["plan_sales"], adjusted["plan_revenue_kzt"]) == (9, 1101)
    assert (noted["plan_sales"], noted["admin_notes"]) == (2, "holiday")
    assert stopped["status"] == "cancelled"


def test_the_newest_setting_speaks_and_zero_is_a_setting():
    def setting(value, day):
        row = {"setting_key": "ai_growth_percentage", "setting_value": value}
        return {"traffic_admin_settings": [row | {"updated_at": at(day)}]}

    row = plans(landing=setting("0", 2), traffic=setting(20, 1))[
        "Alpha", date(2025, 12, 22)
    ]

    assert (row["growth_pct"], row["plan_revenue_kzt"], row["plan_sales"]) == (
        0,
        1001,
        1,
    )


def test_a_forecast_drops_the_best_and_the_worst_of_eight_weeks():
    weeks = [99, 10, 20, 30, 40, 50, 60, 0, 1000]

    assert forecast(weeks) == 35
    assert forecast(weeks[:7]) is None
    assert forecast([*weeks[:8], None]) is None


def test_a_backtest_weighs_what_the_forecasts_missed():
    assert backtest_wape([10] * 8 + [20]) == Decimal("0.5")
    assert backtest_wape([10] * 8) is None
    assert backtest_wape([0] * 10) is None
