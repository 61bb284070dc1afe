"""What Facebook changes behind our back is remembered: figures, names, creatives."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipelines.errors import LoadRefused
from tests.facebook_world import FIRST, NOW, SECOND, TODAY, TOKEN, ad, insight, world
from tests.ingest.facebook_house import opened, spend_of

NEXT_DAY = NOW + timedelta(days=1)


def restatements(pipeline) -> list[tuple]:
    return pipeline.rows(
        "select level, object_id, stat_date::text, payload -> 'old' ->> 'spend', "
        "payload -> 'new' ->> 'spend' from raw.facebook__restatements order by 1, 2, 3"
    )


def versions(pipeline, attribute: str) -> list[tuple]:
    return pipeline.rows(
        "select object_id, value, seen_until is null "
        "from raw.facebook__object_versions where attribute = %s "
        "order by object_id, seen_from",
        attribute,
    )


def test_figures_of_days_that_were_over_are_remembered_when_they_change(new_warehouse):
    facebook = world((FIRST,), ads=2, history=6)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        up, down, gone = facebook.ad_days[0], facebook.ad_days[3], facebook.ad_days[4]
        up["spend"], down["spend"] = "1.15", "0.91"
        facebook.ad_days.remove(gone)
        # Today grows; that is no restatement.
        facebook.ad_days[-1]["spend"] = "9.99"
        pipeline.load(now=NEXT_DAY)
        again = pipeline.load(now=NEXT_DAY)

        first, second = f"{FIRST[4:]}0000", f"{FIRST[4:]}0001"
        assert restatements(pipeline) == [
            ("ad", first, "2026-01-01", "1.00", "1.15"),
            ("ad", first, "2026-01-03", "1.00", None),
            ("ad", second, "2026-01-02", "1.01", "0.91"),
        ]
        assert {table.result.rows_changed for table in again} == {0}


def test_the_same_amount_in_other_digits_is_no_restatement(new_warehouse):
    facebook = world((FIRST,), ads=1, history=4)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        facebook.ad_days[0]["spend"] = "1.0"
        pipeline.load(now=NEXT_DAY)

        assert restatements(pipeline) == []


def test_former_names_and_creatives_stay_known(new_warehouse):
    facebook = world((FIRST,), ads=1)
    campaign, one = facebook.campaigns[0], facebook.ads[0]

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        campaign["name"] = "Renamed"
        one["creative"] = {"id": "777"}
        pipeline.load(now=NEXT_DAY)
        pipeline.load(now=NEXT_DAY)

        names = [row for row in versions(pipeline, "name") if row[0] == campaign["id"]]
        assert names == [
            (campaign["id"], "One", False),
            (campaign["id"], "Renamed", True),
        ]
        assert versions(pipeline, "creative_id") == [
            (one["id"], "10019", False),
            (one["id"], "777", True),
        ]


def test_an_account_that_changes_zone_or_currency_says_so(new_warehouse):
    facebook = world((FIRST,), ads=1)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        facebook.accounts[0] |= {"currency": "EUR", "timezone_name": "Europe/Berlin"}
        loaded = {table.table: table for table in pipeline.load(now=NEXT_DAY)}

        assert versions(pipeline, "currency")[0][1:] == ("USD", False)
    warnings = " ".join(loaded["accounts"].warnings)
    assert "currency USD → EUR" in warnings
    assert "timezone_name Asia/Almaty → Europe/Berlin" in warnings


def test_a_deleted_ad_that_no_list_ever_showed_is_found_by_its_spend(new_warehouse):
    facebook = world((FIRST,), ads=1)
    lost = ad(FIRST, 9, effective_status="DELETED", status="DELETED")
    lost["creative"] = {"id": "99"}
    facebook.ads.append(lost)
    facebook.creatives.append(
        {"id": "99", "account_id": "1001", "url_tags": "utm_source=buyerfb"}
    )
    facebook.ad_days.append(insight(FIRST, TODAY, ad_id=lost["id"], spend="3.00"))

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()

        ads = pipeline.rows("select ad_id from raw.facebook__ads order by 1")
        creatives = pipeline.rows("select creative_id from raw.facebook__creatives")
    assert (lost["id"],) in ads
    assert ("99",) in creatives


def test_a_list_that_is_shorter_than_its_count_deletes_nothing(new_warehouse):
    facebook = world((FIRST,), ads=3)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        pipeline.faults.total_count_extra = 1
        facebook.ads.pop()
        loaded = {table.table: table for table in pipeline.load()}

        [(living,)] = pipeline.rows(
            "select count(*) from raw.facebook__ads where _deleted_at is null"
        )
    assert living == 3
    assert "Facebook counts 3 ads but lists 2" in " ".join(loaded["accounts"].warnings)


def test_ads_that_vanish_while_the_total_stands_are_not_lost(new_warehouse):
    facebook = world((FIRST,), ads=2, history=5)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        before = pipeline.spend("ad_insights", FIRST)
        day = facebook.ad_days[2]["date_start"]
        facebook.ad_days[:] = [r for r in facebook.ad_days if r["date_start"] != day]
        facebook.ad_days[0]["spend"] = "5.00"
        with pytest.raises(LoadRefused, match="the ads of 2026-01-03"):
            pipeline.load()
        assert pipeline.spend("ad_insights", FIRST) == before + Decimal(4)

        pipeline.load(confirm_lost=(FIRST,))
        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)


def test_ads_that_vanish_with_their_money_are_restated(new_warehouse):
    facebook = world((FIRST,), ads=1, history=5)
    facebook.account_days[1]["spend"] = "1.50"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        facebook.account_days[1]["spend"] = "0.50"
        del facebook.ad_days[1]
        pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)


def test_an_hourly_run_makes_up_a_daily_one_that_failed(new_warehouse):
    facebook = world((FIRST,), ads=2, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        pipeline.faults.throttled[FIRST] = 99
        with pytest.raises(Exception, match="lifts"):
            pipeline.load()
        pipeline.faults.throttled.clear()
        made_up = {table.table: table for table in pipeline.load(recent=True)}
        usual = {table.table: table for table in pipeline.load(recent=True)}

    assert made_up["ad_insights"].window == "2025-12-09..2026-01-06"
    assert usual["ad_insights"].window == "2026-01-05..2026-01-06"


def test_an_hourly_run_asks_for_days_only_while_every_ad_is_known(new_warehouse):
    facebook = world((FIRST,), ads=2, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        pipeline.calls.clear()
        pipeline.load(recent=True)
        quiet = [call.path for call in pipeline.calls]
        new = ad(FIRST, 7)
        facebook.ads.append(new)
        facebook.ad_days.append(insight(FIRST, TODAY, ad_id=new["id"], spend="0.50"))
        pipeline.calls.clear()
        pipeline.load(recent=True)
        curious = [call.path for call in pipeline.calls]

    assert [path for path in quiet if path.startswith(FIRST)] == [
        FIRST,
        f"{FIRST}/insights",
        f"{FIRST}/insights",
    ]
    assert f"{FIRST}/ads" in curious
    assert f"{FIRST}/campaigns" not in curious


def test_each_account_is_read_with_the_token_that_reaches_it(new_warehouse):
    facebook = world((FIRST, SECOND), ads=1)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(
            pipeline.config,
            access_token=f"a-token-of-another-house,{TOKEN}",
            listed_accounts=(FIRST, SECOND),
        )
        pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) > Decimal(0)
        assert pipeline.spend("ad_insights", SECOND) > Decimal(0)
