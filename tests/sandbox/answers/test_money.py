"""Rates, spend, statistics and coverage: what is converted, summed or unknown."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.sandbox.answers.expected import expected_marts
from pipelines.sandbox.answers.rounding import rounded
from pipelines.sandbox.answers.statistics import with_ratios
from tests.sandbox.answers.tiny import (
    ACCOUNT,
    CHALLENGE,
    account_day,
    ad_day,
    at,
    deal,
    lead,
    marts,
    moved,
    sale_row,
    source,
    stamp,
    user,
    world,
)

BOUND = {
    "traffic_ad_account_bindings": [{"ad_account_id": ACCOUNT, "team_name": "Alpha"}]
}


def rate(on, value, fetched=1, **more):
    return {"date": on, "usd_to_kzt": value, "fetched_at": at(fetched)} | more


def spend(*days, rates=(), **parts):
    traffic = BOUND | parts.pop("traffic", {})
    landing = {"exchange_rates": list(rates)}
    return marts(ad_days=list(days), landing=landing, traffic=traffic, **parts)


def stats(found, team="Alpha", period="daily"):
    return {
        str(row["date"]): row
        for row in found["traffic_sales_stats"]
        if row["team_name"] == team and row["period_type"] == period
    }


def rates_used(*rows, days=("2025-12-20",), traffic=()):
    tables = {"exchange_rates": list(traffic)}
    found = spend(
        *(ad_day(on, "1", ad_id=on) for on in days), rates=rows, traffic=tables
    )
    return [row["usd_to_kzt_rate"] for row in found["traffic_stats"]]


@pytest.mark.parametrize(
    ("value", "expected"), [("2.345", "2.35"), ("-2.345", "-2.35"), ("2.3449", "2.34")]
)
def test_halves_are_rounded_away_from_zero(value, expected):
    assert rounded(Decimal(value), 2) == Decimal(expected)


def test_the_four_figures_of_money_come_from_sums():
    sums = {
        "total_revenue_kzt": Decimal(150_000),
        "total_sales": 0,
        "leads_count": 0,
        "spend_usd": Decimal(100),
        "spend_kzt": Decimal(50_000),
        "impressions": 0,
        "clicks": 3,
        "challenge3d_prepayments": 0,
    }

    found = with_ratios(sums)

    assert (found["roas"], found["roi_pct"], found["profit_kzt"]) == (3, 200, 100_000)
    assert found["ctr_pct"] is found["cpa_usd"] is found["cpl_kzt"] is None


def test_each_day_is_converted_with_its_own_rate():
    days = ad_day("2025-12-20", "10"), ad_day("2025-12-21", "30")

    found = spend(*days, rates=[rate("2025-12-20", 500), rate("2025-12-21", 510)])

    assert stats(found, period="monthly")["2025-12-01"]["spend_kzt"] == 20_300


def test_a_rate_is_carried_forward_for_a_week_and_never_backward():
    days = ("2025-12-19", "2025-12-20", "2025-12-27", "2025-12-28")

    assert rates_used(rate(date(2025, 12, 20), "501.5"), days=days) == [
        None,
        Decimal("501.5"),
        Decimal("501.5"),
        None,
    ]


def test_placeholder_and_outlandish_rates_are_rejected():
    good, newer = rate("2025-12-20", 500, 1), rate("2025-12-20", "475.2500", 2)

    assert rates_used(good, newer) == [500]
    assert rates_used(rate("2025-12-19", 600), rate("2025-12-20", "600.01")) == [600]


def test_the_newest_fetched_rate_wins_and_landing_in_a_tie():
    def other(fetched):
        return [rate("2025-12-20", 510, fetched)]

    assert rates_used(rate("2025-12-20", 500), traffic=other(2)) == [510]
    assert rates_used(rate("2025-12-20", 500), traffic=other(1)) == [500]


def test_spend_without_a_rate_is_unknown_in_every_sum_and_zero_spend_is_zero():
    found = spend(
        ad_day("2025-12-20", "10"),
        ad_day("2025-12-21", "0"),
        ad_day("2025-12-22", "2"),
        rates=[rate("2025-12-22", 500)],
    )

    daily = stats(found)
    assert [daily[f"2025-12-2{n}"]["spend_kzt"] for n in (0, 1, 2)] == [None, 0, 1000]
    month = stats(found, period="monthly")["2025-12-01"]
    assert (month["spend_usd"], month["spend_kzt"], month["profit_kzt"]) == (
        12,
        None,
        None,
    )


def test_foreign_money_makes_both_currencies_unknown():
    euros = ad_day("2025-12-20", "10", account_currency="EUR", impressions="5")

    found = spend(euros, rates=[rate("2025-12-20", 500)])

    (row,) = found["traffic_stats"]
    assert row["fx_missing"]
    day = stats(found)["2025-12-20"]
    assert (day["spend_usd"], day["spend_kzt"], day["cpm_usd"]) == (None, None, None)
    assert day["impressions"] == 5


def test_what_no_ad_shows_is_one_balancing_row_of_the_bound_team():
    found = spend(
        ad_day("2025-12-20", "10", impressions="100", clicks="7", reach="50"),
        rates=[rate("2025-12-20", 500)],
        account_days=[account_day("2025-12-20", "9.99", impressions="100", clicks="7")],
    )

    ad, balance = found["traffic_stats"]
    assert (balance["ad_id"], balance["campaign_id"], balance["reach"]) == (None,) * 3
    assert (balance["spend_usd"], balance["spend_kzt"]) == (Decimal("-0.01"), -5)
    assert (balance["team_name"], balance["method"]) == ("Alpha", "ad_account")
    assert ad["reach"] == 50


def test_absent_metrics_are_zero_and_leads_are_one_action():
    actions = [
        {"action_type": "lead", "value": "3"},
        {"action_type": "x", "value": "9"},
    ]

    found = spend(ad_day("2025-12-20", "1", actions=actions))

    (row,) = found["traffic_stats"]
    assert (row["fb_leads"], row["clicks"], row["reach"]) == (3, 0, None)


def test_accounts_nobody_lists_are_not_loaded():
    assert not marts(ad_days=[ad_day("2025-12-20", "1")])["traffic_stats"]


def test_a_day_before_the_window_is_unknown_and_a_quiet_day_is_zero():
    leads = {"landing_leads": [lead("l1", created_at=at(10))]}
    told = world(landing=leads, traffic=BOUND)

    found = stats(expected_marts(told, backfill_days=7))
    older = stats(expected_marts(told, backfill_days=60), period="weekly")

    assert found["2025-12-29"]["spend_usd"] is None
    assert found["2025-12-30"]["spend_usd"] == 0
    assert older["2025-12-08"]["impressions"] == 0


def test_a_day_that_has_not_begun_in_the_accounts_zone_is_known_to_be_quiet():
    far = {"id": "act_101", "account_id": "101", "timezone_name": "America/New_York"}

    found = stats(spend(ad_day("2025-12-20", "0"), accounts=[far], leads=[deal(1)]))

    assert found["2026-01-06"]["spend_usd"] == found["2026-01-05"]["spend_usd"] == 0


def test_an_account_out_of_reach_leaves_spend_unknown():
    traffic = {
        "traffic_users": [user("u1", "Alpha")],
        "traffic_teams": [{"id": "t", "name": "Alpha", "fb_ad_account_id": "act_999"}],
    }

    found = stats(marts(traffic=traffic, leads=[deal(1)]))

    assert {row["spend_usd"] for row in found.values()} == {None}


def test_every_team_has_every_day_from_the_first_activity_to_today():
    found = marts(leads=[deal(1, source("buyera"), closed_at=stamp(30))])

    days = stats(found)
    assert list(days) == [f"2025-12-{n}" for n in (30, 31)] + [
        f"2026-01-0{n}" for n in range(1, 7)
    ]
    assert {row["team_name"] for row in found["traffic_sales_stats"]} == {
        "Alpha",
        "Beta",
        "Unattributed",
    }


def test_each_kind_of_payment_has_its_own_columns():
    pulled = [
        deal(1, source("buyera")),
        deal(2, source("fb_alpha"), pipeline_id=CHALLENGE, price=4000),
        deal(3, source("fb_alpha"), pipeline_id=CHALLENGE, price=240000),
        deal(4, source("fb_alpha"), pipeline_id=CHALLENGE, price=0),
        deal(5, source("fb_alpha"), pipeline_id=1, price=70),
    ]

    day = stats(marts(leads=pulled))["2025-12-20"]

    assert (day["total_sales"], day["total_revenue_kzt"]) == (3, 249_070)
    assert (day["challenge3d_prepayments"], day["challenge3d_full_sales"]) == (1, 1)
    assert (day["other_sales"], day["other_revenue_kzt"]) == (1, 70)
    assert day["average_order_value_kzt"] == Decimal("62267.5")


def test_refunds_stand_on_their_own_day_and_lower_nothing():
    events = [moved(1, 81, 142, 10), moved(1, 142, 143, 20)]

    days = stats(marts(leads=[deal(1, source("buyera"), status_id=143)], events=events))

    assert (
        days["2025-12-10"]["total_revenue_kzt"],
        days["2025-12-10"]["refunds_kzt"],
    ) == (5000, 0)
    assert (
        days["2025-12-20"]["total_revenue_kzt"],
        days["2025-12-20"]["refunds_kzt"],
    ) == (0, 5000)


def test_team_names_and_ids_come_from_traffic_then_landing_then_the_user():
    landing = {
        "traffic_teams": [{"id": "L", "name": "ALPHA"}, {"id": "G", "name": "Gamma"}]
    }
    traffic = {"traffic_teams": [{"id": "T", "name": "alpha "}]}

    found = marts(
        landing=landing | {"express_course_sales": [sale_row(1)]}, traffic=traffic
    )

    names = {row["team_name"]: row["team_id"] for row in found["traffic_sales_stats"]}
    assert (names["alpha"], names["Gamma"]) == ("T", "G")
    assert set(names) == {"alpha", "Gamma", "Beta", "Unattributed"}


def test_a_report_tells_each_day_and_keeps_unknown_unknown():
    found = spend(
        ad_day("2025-12-20", "10", impressions="200", clicks="3"),
        ad_day("2025-12-21", "10"),
        rates=[rate("2025-12-10", 480), rate("2025-12-20", 500)],
        leads=[deal(1, source("buyera"))],
    )

    reports = {str(row["report_date"]): row for row in found["daily_traffic_reports"]}
    first = reports["2025-12-20"]
    assert (first["total_spend_kzt"], first["total_revenue_kzt"]) == (5000, 5000)
    assert (first["total_roas"], first["total_ctr_pct"]) == (1, Decimal("1.5"))
    assert [team["team"] for team in first["teams_data"]] == [
        "Alpha",
        "Beta",
        "Unattributed",
    ]
    assert reports["2025-12-22"]["total_roas"] is None
    assert len(reports) == 18
