"""Facebook into the warehouse: each account for itself, each day as Facebook has it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.errors import LoadRefused, RateLimited, SourceError
from pipelines.extract.facebook.errors import AccountDenied, TokenRefused
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.load import ACCOUNT_TABLES, LoadedTable
from tests.facebook_world import (
    FIRST,
    NOW,
    SECOND,
    THIRD,
    TOKEN,
    account,
    insight,
    world,
)
from tests.ingest.facebook_house import ALL, opened, spend_of


def ids(loaded: LoadedTable) -> list[str]:
    return [one.account_id for one in loaded.accounts if one.outcome == "loaded"]


def test_every_cent_arrives_at_both_levels(new_warehouse):
    facebook = world(ALL, ads=3, history=20)

    with opened(facebook, new_warehouse(), page_size=7) as pipeline:
        loaded = pipeline.load()

        for account_id in ALL:
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )
            assert pipeline.spend("account_insights", account_id) == spend_of(
                facebook.account_days, account_id
            )
    by_table = {table.table: table for table in loaded}
    assert set(by_table) > {"listed_accounts", *ACCOUNT_TABLES}
    assert by_table["ad_insights"].result.rows_inserted == 3 * 3 * 20
    assert by_table["ad_insights"].window == "2025-12-09..2026-01-06"
    assert by_table["ads"].result.rows_inserted == 9
    assert ids(by_table["creatives"]) == list(ALL)


def test_raw_rows_hold_ids_and_what_facebook_gave(new_warehouse):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.load()

        [(ad_set, campaign, payload)] = pipeline.rows(
            "select ad_set_id, campaign_id, payload from raw.facebook__ads "
            "where ad_id = '10010001'"
        )
        listed = pipeline.rows("select * from raw.facebook__listed_accounts limit 1")

    assert (ad_set, campaign) == ("10018", "10017")
    assert payload["creative"] == {"id": "10019"}
    assert listed[0][:2] == (FIRST, {"listed_by": ["configuration"]})


def test_a_second_run_changes_nothing(new_warehouse):
    with opened(world(ALL), new_warehouse()) as pipeline:
        pipeline.load()
        again = pipeline.load()

    assert {table.result.rows_changed for table in again} == {0}


def test_restated_and_vanished_days_are_followed(new_warehouse):
    facebook = world(ads=2, history=4)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        facebook.ad_days[0]["spend"] = "7.77"
        del facebook.ad_days[1]
        loaded = {table.table: table.result for table in pipeline.load()}

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)
    assert loaded["ad_insights"].rows_updated == 1
    assert loaded["ad_insights"].rows_deleted == 1
    assert loaded["account_insights"].rows_changed == 0


def test_a_denied_account_is_a_warning_and_keeps_its_rows(new_warehouse):
    with opened(world(ALL), new_warehouse()) as pipeline:
        pipeline.load()
        before = pipeline.spend("ad_insights", SECOND)
        pipeline.faults.denied.add(SECOND)
        loaded = {table.table: table for table in pipeline.load()}

        assert pipeline.spend("ad_insights", SECOND) == before
        assert sorted(pipeline.outcomes("ad_insights")[3:]) == [
            (FIRST, "loaded"),
            (SECOND, "denied"),
            (THIRD, "loaded"),
        ]
    assert set(loaded) > {"listed_accounts", *ACCOUNT_TABLES}
    assert [one.outcome for one in loaded["ad_insights"].accounts] == [
        "loaded",
        "denied",
        "loaded",
    ]
    assert SECOND in loaded["accounts"].warnings[0]


def test_an_unknown_account_is_a_warning(new_warehouse):
    with opened(world([FIRST, SECOND]), new_warehouse()) as pipeline:
        loaded = pipeline.load()

    accounts = next(table for table in loaded if table.table == "accounts")
    assert ids(accounts) == [FIRST, SECOND]
    assert THIRD in accounts.warnings[0]


@pytest.mark.parametrize(
    ("calls", "failed"),
    [(1, ["ad_insights", "account_insights"]), (4, ["ad_sets", "ads"])],
    ids=["before its days", "before its objects"],
)
def test_a_revoked_account_leaves_the_others_complete(new_warehouse, calls, failed):
    facebook = world(ALL)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.revoked[SECOND] = calls
        with pytest.raises(AccountDenied, match="1 of 3 ad accounts") as red:
            pipeline.load()

        assert SECOND in str(red.value)
        assert "give the token's system user access" in str(red.value)
        for account_id in (FIRST, THIRD):
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )
        loaded = {table.table: table for table in pipeline.loaded}
        for table in failed:
            assert (SECOND, "failed") in pipeline.outcomes(table)
            assert ids(loaded[table]) == [FIRST, THIRD]
            [red_account] = [a for a in loaded[table].accounts if a.outcome == "failed"]
            assert "give the token's system user access" in red_account.error


def test_a_throttled_account_is_red_and_the_next_run_closes_the_gap(new_warehouse):
    facebook = world(ALL)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.throttled[FIRST] = 99
        with pytest.raises(RateLimited, match=FIRST):
            pipeline.load()
        assert pipeline.spend("ad_insights", SECOND) > 0
        pipeline.faults.throttled.clear()
        pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)


def test_a_refused_token_is_not_tried_on_every_account(new_warehouse):
    with opened(world(ALL), new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, accounts_at_once=1)
        pipeline.faults.token_expired = True
        with pytest.raises(TokenRefused, match="3 of 3 ad accounts") as red:
            pipeline.load()

        loaded = {table.table for table in pipeline.loaded}
        assert not loaded & {*ACCOUNT_TABLES, "pages"}
        assert sorted(pipeline.outcomes("accounts")) == [
            (account_id, "failed") for account_id in ALL
        ]
        assert TOKEN not in str(red.value)
        assert "the others" not in str(red.value)
        assert f"facebook [{SECOND}]: not asked, because" in str(red.value)
        assert [call.path for call in pipeline.calls].count(THIRD) == 0
        logged = pipeline.rows("select string_agg(error, ' ') from raw._loads")
        assert TOKEN not in logged[0][0]


def test_an_hourly_run_reads_two_days_and_certifies_no_backfill(new_warehouse):
    facebook = world(history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        recent = {table.table: table for table in pipeline.load(recent=True)}
        full = {table.table: table for table in pipeline.load()}

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)
    assert recent["ad_insights"].window == "2026-01-05..2026-01-06"
    assert recent["ad_insights"].mode == "incremental"
    assert full["ad_insights"].window == "2025-12-09..2026-01-06"


def test_after_a_gap_every_day_is_read_that_was_not_frozen(new_warehouse):
    facebook = world(history=1)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        later = NOW + timedelta(days=45)
        for back in range(45):
            day = later.date() - timedelta(days=back)
            facebook.ad_days.append(insight(FIRST, day, ad_id="10010000", spend="2.50"))
            facebook.account_days.append(insight(FIRST, day, spend="2.50"))
        facebook.ad_days[0]["spend"] = "9.09"
        loaded = {table.table: table for table in pipeline.load(now=later)}

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)
    assert loaded["ad_insights"].window == "2025-12-09..2026-02-20"


def test_a_day_is_the_account_s_day(new_warehouse):
    facebook = world([])
    facebook.accounts.append(account(FIRST, timezone_name="America/Los_Angeles"))

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        loaded = {table.table: table for table in pipeline.load(recent=True)}

    # 03:00 UTC on the 6th is still the 5th in Los Angeles.
    assert loaded["ad_insights"].window == "2026-01-04..2026-01-05"


def test_a_deleted_ad_stays_known_with_its_last_state(new_warehouse):
    facebook = world(ads=2)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        facebook.ads[0]["effective_status"] = "DELETED"
        facebook.ads.pop(1)
        loaded = {table.table: table.result for table in pipeline.load()}
        again = {table.table: table.result for table in pipeline.load()}

        ads = pipeline.rows(
            "select ad_id, payload ->> 'effective_status', _deleted_at is null "
            "from raw.facebook__ads order by ad_id"
        )
    assert ads == [("10010000", "DELETED", True), ("10010001", "ACTIVE", False)]
    assert (loaded["ads"].rows_updated, loaded["ads"].rows_deleted) == (1, 1)
    assert again["ads"].rows_changed == 0


def test_a_suddenly_empty_account_does_not_wipe_its_days(new_warehouse):
    facebook = world(history=5)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        before = pipeline.spend("ad_insights", FIRST)
        facebook.ad_days.clear()
        facebook.account_days.clear()
        with pytest.raises(LoadRefused, match="holds 5 days"):
            pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) == before


def test_failures_of_different_kinds_are_told_together(new_warehouse):
    facebook = world(ALL)
    facebook.accounts[1]["timezone_name"] = "Atlantis/Capital"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.revoked[FIRST] = 2
        with pytest.raises(SourceError) as red:
            pipeline.load()

    assert "2 of 3 ad accounts failed" in str(red.value)
    assert "Atlantis/Capital" in str(red.value)


def test_the_configuration_does_not_show_its_secrets():
    config = FacebookConfig(access_token=TOKEN, app_secret="hidden-secret")

    assert TOKEN not in repr(config)
    assert "hidden-secret" not in repr(config)


@pytest.mark.parametrize("spend", ["", "NaN", "1_000.5", True, ["1"]])
def test_a_spend_that_is_no_number_stops_its_account_only(new_database, spend):
    facebook = world(ALL, ads=1, history=3)
    facebook.ad_days[1]["spend"] = spend

    with opened(facebook, new_database()) as pipeline:
        with pytest.raises(SourceError, match="1 of 3 ad accounts") as red:
            pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) == 0
        for account_id in (SECOND, THIRD):
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )
    assert "a figure that is no number: spend" in str(red.value)
