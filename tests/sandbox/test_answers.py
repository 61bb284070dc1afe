"""The answers close: whatever the story, every total equals the sum of its parts."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest

from pipelines.sandbox.answers.expected import expected_marts
from pipelines.sandbox.answers.statistics import (
    AMOUNTS,
    COUNTS,
    SPEND,
    period_start,
)
from pipelines.sandbox.story.tell import tell
from pipelines.sandbox.story.world import NOW, StoryOptions, World

STORIES = {
    "as told": StoryOptions(),
    "drifted": StoryOptions(seed=8, variant="drifted"),
    "other teams and rates": StoryOptions(
        seed=9, teams=("Ash", "Birch wood", "Cedar"), base_rate=Decimal(487)
    ),
    "short, elsewhen": StoryOptions(seed=10, weeks=6, now=NOW - timedelta(days=40)),
}
ADDITIVE = COUNTS + AMOUNTS + SPEND

Marts = dict[str, list[dict]]


@cache
def told(story: str) -> tuple[World, Marts]:
    world = tell(STORIES[story])
    return world, expected_marts(world)


@pytest.fixture(params=STORIES)
def world(request) -> World:
    return told(request.param)[0]


@pytest.fixture
def marts(world, request) -> Marts:
    return told(request.node.callspec.params["world"])[1]


def stats(marts, period_type):
    found = marts["traffic_sales_stats"]
    return [row for row in found if row["period_type"] == period_type]


def added(rows, column):
    values = [row[column] for row in rows]
    return None if None in values else sum(values)


def test_every_story_sells_spends_and_leads(marts):
    assert len(marts["sale_attribution"]) > 10
    assert len(marts["lead_attribution"]) > 100
    assert sum(row["spend_usd"] or 0 for row in marts["traffic_stats"]) > 100


def test_keys_are_unique(marts):
    keys = {
        "sale_attribution": ("deal_id", "payment_kind"),
        "refunds": ("deal_id",),
        "lead_attribution": ("source_db", "lead_id"),
        "traffic_stats": ("stat_date", "ad_account_id", "ad_id"),
        "traffic_sales_stats": ("date", "period_type", "team_id"),
        "traffic_weekly_plans": ("team_id", "week_start"),
        "daily_traffic_reports": ("report_date",),
        "ad_utms": ("ad_id", "creative_id", "set_number"),
        "utm_hygiene": ("ad_id", "issue"),
        "traffic_fb_campaigns": ("fb_campaign_id",),
        "traffic_fb_ad_sets": ("fb_ad_set_id",),
        "traffic_fb_ads": ("fb_ad_id",),
        "facebook_ad_spend": ("ad_account_id", "date"),
        "spend_reconciliation": ("ad_account_id", "stat_date"),
        "dim_ad_accounts": ("ad_account_id",),
        "traffic_leads": ("fb_lead_id",),
        "account_spend_business_days": ("ad_account_id", "date"),
        "deal_stage_times": ("deal_id", "step"),
        "stage_conversion": ("team_name", "pipeline_id", "status_id"),
        "deal_changes_after_won": ("change_id",),
        "deal_utm_changes": ("deal_id", "parameter", "step"),
        "deal_utm_twins": ("deal_id", "parameter"),
        "buyer_ladder": ("first_deal_id",),
        "crm_test_deals": ("deal_id",),
        "crm_reconciliation": ("deal_id",),
        "deal_deletions": ("deal_id", "opened_at"),
        "sales_as_of_changes": ("deal_id",),
    }

    for mart, columns in keys.items():
        seen = Counter(tuple(row[name] for name in columns) for row in marts[mart])
        assert not [key for key, count in seen.items() if count > 1], mart


def test_teams_together_are_all_sales(marts):
    sold = [
        row for row in marts["sale_attribution"] if row["payment_kind"] != "unknown"
    ]
    daily = stats(marts, "daily")

    assert added(daily, "total_revenue_kzt") == sum(row["amount_kzt"] for row in sold)
    payments = added(daily, "total_sales") + added(daily, "challenge3d_prepayments")
    assert payments == len(sold)
    refunded = sum(row["refund_kzt"] for row in marts["refunds"])
    assert added(daily, "refunds_kzt") == refunded


def test_products_together_are_the_totals(marts):
    sales = [
        name for name in COUNTS if name.endswith("_sales") and name != "total_sales"
    ]
    revenue = [name for name in AMOUNTS if name.endswith("_revenue_kzt")][1:]

    for row in marts["traffic_sales_stats"]:
        assert row["total_sales"] == sum(row[name] for name in sales)
        assert row["total_revenue_kzt"] == sum(row[name] for name in revenue)


def test_persons_and_rows_of_leads_are_all_counted(marts):
    rows = marts["lead_attribution"]
    persons = {(row["person_id"], row["funnel"]) for row in rows}
    daily = stats(marts, "daily")

    assert added(daily, "leads_rows") == len(rows)
    assert added(daily, "leads_count") == len(persons)


@pytest.mark.parametrize("period_type", ["weekly", "monthly"])
def test_periods_are_the_sums_of_their_days(marts, period_type):
    days = defaultdict(list)
    for row in stats(marts, "daily"):
        days[period_start(row["date"], period_type), row["team_id"]].append(row)

    found = stats(marts, period_type)

    assert len(found) == len(days)
    for row in found:
        parts = days[row["date"], row["team_id"]]
        for column in ADDITIVE:
            assert row[column] == added(parts, column), (row["date"], column)


def test_every_team_has_every_day(marts):
    daily = stats(marts, "daily")
    dates, teams = {row["date"] for row in daily}, {row["team_id"] for row in daily}

    assert len(daily) == len(dates) * len(teams)
    assert len(dates) == (max(dates) - min(dates)).days + 1


def test_spend_by_ad_equals_the_account_totals(world, marts):
    spent = defaultdict(Decimal)
    for row in marts["traffic_stats"]:
        key = row["ad_account_id"], str(row["stat_date"])
        spent[key] += row["spend_usd"] or 0
    totals = {
        (f"act_{row['account_id']}", row["date_start"]): Decimal(row.get("spend", "0"))
        for row in world.facebook.account_days
        if row["account_currency"] == "USD"
    }

    loaded = {key: total for key, total in totals.items() if key in spent}
    assert len(loaded) > 10
    assert loaded == {key: spent[key] for key in loaded}


def test_spend_of_teams_equals_spend_by_ad(marts):
    by_day, by_ad = defaultdict(list), defaultdict(list)
    for row in stats(marts, "daily"):
        by_day[row["date"]].append(row)
    for row in marts["traffic_stats"]:
        by_ad[row["stat_date"]].append(row)

    for on, rows in by_day.items():
        for column in SPEND:
            total = added(rows, column)
            assert total is None or total == added(by_ad[on], column), (on, column)


def test_account_totals_are_the_ads_and_their_balance(marts):
    by_day = defaultdict(list)
    for row in marts["traffic_stats"]:
        by_day[row["ad_account_id"], row["stat_date"]].append(row)

    for row in marts["facebook_ad_spend"]:
        parts = by_day[row["ad_account_id"], row["date"]]
        for column in ("spend_usd", "spend_kzt", "impressions", "clicks"):
            assert not row["is_covered"] or row[column] == added(parts, column)
    for row in marts["spend_reconciliation"]:
        if row["is_covered"]:
            parts = row["ads_spend"] + row["balance_spend"]
            assert row["account_spend"] == parts


def test_ads_ad_sets_and_campaigns_spend_the_same(marts):
    names = ("traffic_fb_ads", "traffic_fb_ad_sets", "traffic_fb_campaigns")
    shown = [row for row in marts["traffic_stats"] if row["ad_id"]]

    for column in ("impressions", "clicks"):
        sums = {added(marts[name], column) for name in names}
        assert sums == {added(shown, column)}
    leads = {added(marts[name], "conversions") for name in names}
    assert leads == {added(shown, "fb_leads")}


def test_every_kind_of_fault_is_found_in_the_story():
    issues = {row["issue"] for row in told("as told")[1]["utm_hygiene"]}

    assert issues == {
        "no_utm", "no_source", "unknown_source", "generic_source", "foreign_source",
        "misspelt_source", "duplicate_parameter", "blank_value", "broken_macro",
        "shared_tag", "ambiguous_utm",
    }  # fmt: skip


def test_form_leads_are_lost_at_each_step_and_found_in_each_way():
    rows = told("as told")[1]["traffic_leads"]

    assert {row["lost_at"] for row in rows} == {"landing", "crm", None}
    ways = {"fb_lead_id", "phone", "email", None}
    assert {row["matched_by"] for row in rows} == ways


def test_ratios_are_known_exactly_when_their_parts_are(marts):
    for row in marts["traffic_sales_stats"]:
        assert (row["roas"] is None) == (not row["spend_kzt"])
        assert (row["cpl_usd"] is None) == (
            row["spend_usd"] is None or not row["leads_count"]
        )
        assert row["ctr_pct"] is None or 0 <= row["ctr_pct"] <= 100
        if row["cpa_usd"] is not None:
            exact = Fraction(row["spend_usd"]) / row["total_sales"]
            assert abs(Fraction(row["cpa_usd"]) - exact) <= Fraction(1, 2 * 10**6)


def test_attributed_rows_carry_no_reason_and_the_others_do(marts):
    reasons = {"ambiguous", "generic_utm", "unknown_utm", "no_utm"}

    for row in marts["sale_attribution"] + marts["lead_attribution"]:
        is_attributed = row["team_name"] != "Unattributed"
        assert (row["reason"] is None) == is_attributed
        assert is_attributed or row["reason"] in reasons
        assert row["method"] not in {"ambiguous", "unattributed"} or not is_attributed


def test_reports_and_plans_repeat_the_statistics(marts):
    daily = defaultdict(list)
    for row in stats(marts, "daily"):
        daily[row["date"]].append(row)
    weekly = {(row["team_id"], row["date"]): row for row in stats(marts, "weekly")}

    assert len(marts["daily_traffic_reports"]) == len(daily)
    for report in marts["daily_traffic_reports"]:
        rows = daily[report["report_date"]]
        assert report["total_revenue_kzt"] == added(rows, "total_revenue_kzt")
        assert report["total_spend_kzt"] == added(rows, "spend_kzt")
        assert len(report["teams_data"]) == len(rows)
    for plan in marts["traffic_weekly_plans"]:
        week = weekly[plan["team_id"], plan["week_start"]]
        assert plan["actual_revenue_kzt"] == week["total_revenue_kzt"]


def test_equal_worlds_have_equal_answers(world, marts):
    assert expected_marts(world) == marts
