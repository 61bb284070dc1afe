"""Ad accounts day by day, what their objects delivered, and what became of leads."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.sandbox.answers.tiny import (
    ACCOUNT,
    account_day,
    ad_day,
    at,
    contact,
    deal,
    lead,
    marts,
    stamp,
)

ACT = f"act_{ACCOUNT}"
BOUND = {
    "traffic_ad_account_bindings": [
        {"ad_account_id": ACT, "team_name": "Beta", "is_active": True}
    ]
}
RATES = {
    "exchange_rates": [
        {
            "date": date(2026, 1, 3),
            "usd_to_kzt": 500,
            "fetched_at": datetime(2026, 1, 3),
        }
    ]
}
CAMPAIGN = {"id": "c1", "account_id": ACCOUNT, "name": "Quiet", "objective": "LEADS"}


def account(**more):
    row = {
        "id": ACT,
        "account_id": ACCOUNT,
        "name": "Ours",
        "currency": "USD",
        "timezone_name": "Asia/Almaty",
        "account_status": 1,
        "created_time": "2026-01-02T00:00:00+0500",
    }
    return [row | more]


def told(**parts):
    parts.setdefault("traffic", BOUND)
    parts.setdefault("landing", RATES)
    parts.setdefault("accounts", account())
    return marts(**parts)


def by_day(rows, column):
    return {row[column].isoformat(): row for row in rows}


def days(**parts):
    return by_day(told(**parts)["facebook_ad_spend"], "date")


def compared(**parts):
    return by_day(told(**parts)["spend_reconciliation"], "stat_date")


SPENT = {
    "ad_days": [ad_day("2026-01-03", "2.00", impressions="100", clicks="4")],
    "account_days": [
        account_day(
            "2026-01-03", "3.00", impressions="150", clicks="6",
            actions=[{"action_type": "lead", "value": "2"}],
        )
    ],
}  # fmt: skip


def test_a_total_is_priced_by_the_rows_of_its_day():
    row = days(**SPENT)["2026-01-03"]

    assert (row["spend"], row["spend_usd"], row["spend_kzt"]) == (3, 3, 1500)
    assert (row["ctr_pct"], row["cpc"], row["cpl"]) == (
        4,
        Decimal("0.5"),
        Decimal("1.5"),
    )


def test_days_begin_with_the_first_spend_and_a_quiet_one_is_zero():
    found = days(**SPENT, accounts=account(created_time="2024-01-01T00:00:00+0500"))

    assert found["2026-01-04"]["spend"] == 0
    assert found["2026-01-04"]["cpc"] is None
    assert min(found) == "2026-01-03"


def test_a_rate_that_was_carried_shows_its_age():
    found = days(**SPENT)

    assert found["2026-01-05"]["rate_age_days"] == 2
    assert found["2026-01-05"]["usd_to_kzt_rate"] == 500


def test_another_currency_has_no_dollars_but_its_own_money():
    spent = [account_day("2026-01-03", "3.00", account_currency="EUR")]

    row = days(account_days=spent, accounts=account(currency="EUR"))["2026-01-03"]

    assert (row["spend"], row["spend_usd"], row["currency"]) == (3, None, "EUR")


def test_the_balance_is_what_the_ads_do_not_show():
    row = compared(**SPENT)["2026-01-03"]

    assert (row["account_spend"], row["ads_spend"], row["balance_spend"]) == (3, 2, 1)
    assert (row["balance_impressions"], row["balance_clicks"]) == (50, 2)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (datetime(2026, 1, 3, 6, tzinfo=UTC), "still_running"),
        (datetime(2026, 1, 4, 6, tzinfo=UTC), "may_still_move"),
        (datetime(2026, 1, 31, 6, tzinfo=UTC), "may_still_move"),
        (datetime(2026, 2, 1, 6, tzinfo=UTC), None),
    ],
)
def test_a_day_is_final_when_it_was_read_after_its_freezing(now, reason):
    row = compared(**SPENT, now=now)["2026-01-03"]

    assert (row["reason"], row["is_final"]) == (reason, reason is None)


def test_an_account_that_nobody_reaches_is_named():
    (row,) = told(accounts=[])["dim_ad_accounts"]

    assert row["is_reachable"] is False
    assert row["issues"] == "bound_without_access"
    assert row["is_business_zone"] is None


def test_an_account_says_what_is_wrong_with_it():
    odd = account(account_status=2, timezone_name="Europe/Berlin")
    settings = [{"user_id": "u1", "fb_ad_accounts": [ACCOUNT]}]
    listed = {"traffic_targetologist_settings": settings}

    (row,) = told(**SPENT, accounts=odd, traffic=listed)["dim_ad_accounts"]

    assert row["issues"] == "not_active, spends_without_team"
    assert (row["status"], row["is_business_zone"]) == ("disabled", False)
    assert row["spend_28d"] == 3


def test_the_last_days_end_yesterday_but_todays_spend_asks_for_a_team():
    spent = {"account_days": [account_day("2026-01-06", "3.00")]}
    settings = [{"user_id": "u1", "fb_ad_accounts": [ACCOUNT]}]
    listed = {"traffic_targetologist_settings": settings}

    (row,) = told(**spent, traffic=listed)["dim_ad_accounts"]

    assert (row["spend_28d"], row["issues"]) == (0, "spends_without_team")


def test_a_campaign_adds_its_ads_up_and_takes_the_team_of_its_last_spend():
    ad_days = [
        ad_day("2026-01-03", "2.00", clicks="4"),
        ad_day("2026-01-04", "1.00", ad_id="a2", clicks="2"),
    ]

    (row,) = told(ad_days=ad_days, campaigns=[CAMPAIGN])["traffic_fb_campaigns"]

    assert (row["spend_usd"], row["clicks"], row["cpc_usd"]) == (3, 6, Decimal("0.5"))
    assert (row["team_name"], row["data_end_date"]) == ("Beta", date(2026, 1, 4))


def test_a_campaign_shows_the_tags_on_which_its_ads_agree():
    ads = [
        {"id": name, "account_id": ACCOUNT, "campaign_id": "c1", "adset_id": "s1",
         "creative": {"id": f"k{name}"}, "effective_status": "DELETED"}
        for name in ("a1", "a2")
    ]  # fmt: skip
    creatives = [
        {"id": f"k{name}", "url_tags": f"utm_source=buyera&utm_medium={name}"}
        for name in ("a1", "a2")
    ]

    found = told(campaigns=[CAMPAIGN], ads=ads, creatives=creatives)

    (campaign,) = found["traffic_fb_campaigns"]
    assert (campaign["utm_source"], campaign["utm_medium"]) == ("buyera", None)
    assert [row["utm_medium"] for row in found["traffic_fb_ads"]] == ["a1", "a2"]
    assert all(row["is_deleted"] for row in found["traffic_fb_ads"])


def form_lead(lead_id, **more):
    answers = {"phone_number": "8 700 000 00 01", "email": "One@Example.com"} | more
    return {
        "id": lead_id,
        "form_id": "f1",
        "campaign_id": "c1",
        "created_time": "2025-12-18T05:59:00+0000",
        "field_data": [{"name": k, "values": [v]} for k, v in answers.items() if v],
    }


@pytest.mark.parametrize(
    ("row", "matched_by"),
    [
        (lead("l1", metadata={"fb_lead_id": "77"}), "fb_lead_id"),
        (lead("l1", phone="+77000000001"), "phone"),
        (lead("l1", email="one@example.com"), "email"),
        (lead("l1", phone="+77000000009"), None),
    ],
)
def test_a_form_lead_is_known_by_its_id_else_by_its_contacts(row, matched_by):
    landing = RATES | {"landing_leads": [row]}

    (found,) = told(landing=landing, form_leads=[form_lead("77")])["traffic_leads"]

    assert found["matched_by"] == matched_by
    assert found["lost_at"] == ("crm" if matched_by else "landing")


def test_a_form_lead_of_long_ago_is_another_one():
    landing = RATES | {"landing_leads": [lead("l1", phone="+77000000001")]}
    late = form_lead("77") | {"created_time": "2025-12-22T06:00:00+0000"}

    (found,) = told(landing=landing, form_leads=[late])["traffic_leads"]

    assert (found["matched_by"], found["lost_at"]) == (None, "landing")


def test_a_form_lead_is_known_to_traffic_as_well():
    row = {"id": "t1", "fb_lead_id": "77", "lead_date": at(18), "metadata": {}}

    (found,) = told(
        traffic=BOUND | {"traffic_leads": [row]}, form_leads=[form_lead("77")]
    )["traffic_leads"]

    assert (found["traffic_lead_id"], found["landing_lead_id"]) == ("t1", None)


def test_a_form_lead_finds_its_deal_by_its_contacts():
    row = lead("l1", phone="+77000000001")
    landing = RATES | {"landing_leads": [row]}

    (found,) = told(
        landing=landing,
        form_leads=[form_lead("77")],
        leads=[deal(31, contact=5, created_at=stamp(19))],
        contacts=[contact(5, "+7 700 000 00 01")],
    )["traffic_leads"]

    assert (found["deal_id"], found["deal_matched_by"]) == (31, "contact")
    assert found["lost_at"] is None


def test_a_form_of_the_testing_tool_is_not_lost():
    dummy = form_lead("77", phone_number="<test lead: dummy data for phone>")

    (found,) = told(form_leads=[dummy])["traffic_leads"]

    assert (found["is_test"], found["lost_at"]) == (True, None)


def test_a_form_lead_with_a_deal_is_not_lost():
    row = lead("l1", phone="+77000000001", amocrm_lead_id="31")
    landing = RATES | {"landing_leads": [row]}

    (found,) = told(landing=landing, form_leads=[form_lead("77")])["traffic_leads"]

    assert (found["deal_id"], found["lost_at"]) == (31, None)


def test_a_form_lead_belongs_to_the_team_of_its_campaigns_spend():
    found = told(form_leads=[form_lead("77")], campaigns=[CAMPAIGN])["traffic_leads"]

    assert [row["team_name"] for row in found] == ["Beta"]
    assert [row["team_method"] for row in found] == ["campaign"]
