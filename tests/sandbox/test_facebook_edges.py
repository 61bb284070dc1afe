"""The Facebook emulator's insights, activities and filters, and what they refuse."""

import pytest

from tests.facebook_world import (
    FIRST,
    SECOND,
    TODAY,
    action,
    activity,
    ad,
    hour,
    insight,
    restate,
    world,
)
from tests.sandbox.graph import asking, error_of

DAY = {"since": str(TODAY), "until": str(TODAY)}
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
DELETED = [{"field": "ad.effective_status", "operator": "IN", "value": ["DELETED"]}]


def of_ad(number: int) -> list[dict]:
    return [{"field": "ad.id", "operator": "IN", "value": [f"1001{number:04}"]}]


def test_each_level_adds_up_to_the_same_spend():
    with asking(world(ads=3)) as ask:
        rows = {
            level: ask.insights(
                level=level, fields="spend,campaign_id,adset_id,ad_id", time_range=DAY
            ).json()["data"]
            for level in ("account", "campaign", "adset", "ad")
        }

    assert [row["spend"] for row in rows["ad"]] == ["1.00", "1.01", "1.02"]
    assert [row["spend"] for row in rows["adset"]] == ["3.03"]
    assert rows["adset"][0]["adset_id"] == "10018"
    assert "ad_id" not in rows["adset"][0]
    assert "adset_id" not in rows["campaign"][0]
    assert rows["account"][0]["spend"] == "3.03"


def test_totals_show_what_the_ads_of_today_do_not():
    facebook = world(ads=1)
    facebook.ads.append(ad(FIRST, 9, effective_status="DELETED"))
    facebook.ad_days.append(insight(FIRST, TODAY, ad_id="10010009", spend="5.00"))

    with asking(facebook) as ask:
        shown = ask.insights(fields="spend", time_range=DAY).json()["data"]
        campaign = ask.insights(level="campaign", fields="spend", time_range=DAY)
        deleted = ask.insights(fields="spend", time_range=DAY, filtering=DELETED)

    assert [row["spend"] for row in shown] == ["1.00"]
    assert [row["spend"] for row in campaign.json()["data"]] == ["6.00"]
    assert [row["spend"] for row in deleted.json()["data"]] == ["5.00"]


def test_a_campaign_an_ad_set_and_an_ad_have_insights_of_their_own():
    asked = {"time_increment": 1, "time_range": DAY, "fields": "spend"}

    with asking(world(ads=2)) as ask:
        spent = [
            ask.rows(f"{owner}/insights", **asked)[0]["spend"]
            for owner in ("10017", "10018", "10010001")
        ]

    assert spent == ["2.01", "2.01", "1.01"]


def test_filters_of_every_level_narrow_a_question():
    with asking(world(ads=3)) as ask:
        one = ask.insights(fields="ad_id", time_range=DAY, filtering=of_ad(1)).json()
        none = ask.insights(
            fields="ad_id",
            filtering=[
                {"field": "campaign.id", "operator": "NOT_IN", "value": ["10017"]}
            ],
        ).json()

    assert [row["ad_id"] for row in one["data"]] == ["10010001"]
    assert none["data"] == []


def test_each_action_has_a_key_for_each_requested_window():
    facebook = world(ads=1, history=1)
    facebook.ad_days[0]["actions"] = [
        action("lead", 10),
        action("purchase", 3, **{"1d_view": "2"}),
    ]

    with asking(facebook) as ask:
        plain, asked = (
            ask.insights(fields="actions", **windows).json()["data"][0]["actions"]
            for windows in (
                {},
                {"action_attribution_windows": ["7d_click", "1d_view", "28d_view"]},
            )
        )

    assert plain == [action("lead", 10), action("purchase", 3)]
    assert asked == [
        {"action_type": "lead", "value": "10", "7d_click": "9", "1d_view": "1"},
        {"action_type": "purchase", "value": "3", "7d_click": "3", "1d_view": "2"},
    ]


def test_hours_of_an_account_come_with_their_span():
    facebook = world()
    facebook.account_hours.extend(
        hour(FIRST, TODAY, number, spend=f"0.{number:02}") for number in (7, 8)
    )

    with asking(facebook) as ask:
        answer = ask.insights(level="account", fields="spend", breakdowns=[HOURLY])
        of_ads = ask.insights(fields="spend", breakdowns=[HOURLY])

    assert [(row[HOURLY], row["spend"]) for row in answer.json()["data"]] == [
        ("07:00:00 - 07:59:59", "0.07"),
        ("08:00:00 - 08:59:59", "0.08"),
    ]
    assert error_of(of_ads) == (100, None)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"time_range": {"since": "2022-12-04", "until": "2023-01-01"}}, 3018),
        ({"time_range": {"since": "2026-01-05", "until": "2026-01-04"}}, 100),
        ({"summary": "true"}, 100),
        ({"time_increment": "7"}, 100),
        ({"action_attribution_windows": ["9d_click"]}, 100),
        ({"breakdowns": ["moon_phase"]}, 100),
        ({"filtering": [{"field": "ad.colour", "operator": "IN", "value": []}]}, 100),
        ({"filtering": [{"field": "ad.id", "operator": "IN", "value": "1"}]}, 100),
        ({"filtering": {"field": "ad.id"}}, 100),
        ({"fields": "[1]"}, 100),
    ],
)
def test_insights_refuse_what_facebook_refuses(params, code):
    with asking() as ask:
        assert error_of(ask.insights(**params)) == (code, None)


def test_the_day_before_37_months_ago_is_still_answered():
    with asking() as ask:
        answer = ask.insights(time_range={"since": "2022-12-05", "until": "2022-12-05"})

    assert answer.json()["data"] == []


def test_a_day_is_restated_and_a_row_vanishes():
    facebook = world(ads=2, history=1)

    with asking(facebook) as ask:
        restate(facebook, "10010000", TODAY, spend="7.00")
        restate(facebook, "10010001", TODAY, spend=None)
        rows = ask.insights(fields="spend").json()["data"]
        total = ask.insights(fields="spend", level="account").json()["data"]

    assert [row["spend"] for row in rows] == ["7.00"]
    assert [row["spend"] for row in total] == ["7.00"]


def test_activities_page_by_time_and_end_with_an_empty_page():
    facebook = world([FIRST, SECOND])
    facebook.activities.append(activity(SECOND, "2026-01-05T10:00:00+0000"))
    facebook.activities.extend(
        activity(FIRST, f"2026-01-05T10:00:0{number // 2}+0000", object_id=str(number))
        for number in range(5)
    )

    with asking(facebook) as ask:
        asked = {"fields": "object_id,event_time", "limit": 2, "since": "2026-01-01"}
        first = ask.get(f"{FIRST}/activities", **asked).json()
        pages = ask.all_rows(f"{FIRST}/activities", **asked)

    assert sorted(row["object_id"] for rows in pages for row in rows) == list("01234")
    assert [len(rows) for rows in pages] == [2, 2, 1, 0]
    assert "cursors" not in first["paging"]
    assert "__paging_token=" in first["paging"]["next"]
    assert set(first["data"][0]) == {"object_id", "event_time"}


def test_changes_that_look_alike_are_all_told():
    facebook = world()
    facebook.activities.extend([activity(FIRST, "2026-01-05T10:00:00+0000")] * 3)

    with asking(facebook) as ask:
        pages = ask.all_rows(f"{FIRST}/activities", limit=1)

    alike = {
        "event_time": "2026-01-05T10:00:00+0000",
        "event_type": "update_ad_set_budget",
    }
    assert pages == [[alike]] * 3 + [[]]


def test_activities_hold_the_asked_span_and_else_a_week():
    facebook = world()
    facebook.activities.extend(
        activity(FIRST, f"{day}T10:00:00+0000", object_id=day)
        for day in ("2025-12-01", "2026-01-04", "2026-01-05")
    )

    with asking(facebook) as ask:
        week, one, none = (
            [row["object_id"] for row in ask.rows(f"{FIRST}/activities", **asked)]
            for asked in (
                {"fields": "object_id"},
                {"fields": "object_id", "since": "2025-12-01", "until": "2025-12-01"},
                {"fields": "object_id", "since": "1767630000", "until": "1767640000"},
            )
        )
        wrong = ask.get(f"{FIRST}/activities", since="yesterday")

    assert week == ["2026-01-05", "2026-01-04"]
    assert one == ["2025-12-01"]
    assert none == []
    assert error_of(wrong) == (100, None)


def test_objects_are_found_by_filters():
    facebook = world(ads=3)
    facebook.ads[2]["updated_time"] = "2026-01-05T00:00:00+0500"

    with asking(facebook) as ask:
        by_id, by_time, since = (
            [row["id"] for row in ask.rows(f"{FIRST}/ads", **asked)]
            for asked in (
                {"filtering": of_ad(1)},
                {
                    "filtering": [
                        {
                            "field": "updated_time",
                            "operator": "GREATER_THAN",
                            "value": 1767000000,
                        }
                    ]
                },
                {"updated_since": "1767000000"},
            )
        )
        of_ad_set = ask.rows("10018/ads")

    assert by_id == ["10010001"]
    assert by_time == since == ["10010002"]
    assert len(of_ad_set) == 3
