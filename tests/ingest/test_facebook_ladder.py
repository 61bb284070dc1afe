"""What Facebook finds too large or cannot give: read in parts, what lacks is named."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.errors import SourceError, SourceUnreachable
from tests.facebook_world import FIRST, SECOND, THIRD, TODAY, world
from tests.ingest.facebook_house import ALL, Pipeline, opened, spend_of

YESTERDAY = TODAY.replace(day=5).isoformat()


def certificate(pipeline: Pipeline, account_id: str = FIRST) -> dict:
    [(details,)] = pipeline.rows(
        "select details from raw._loads where table_name = 'ad_insights' "
        "and scope = %s and outcome = 'loaded' order by load_id desc limit 1",
        account_id,
    )
    return details


def gaps(pipeline: Pipeline) -> list[tuple]:
    return pipeline.rows(
        "select account_id, stat_date::text, object_id, field "
        "from raw.facebook__gaps where _deleted_at is null order by 1, 2, 3, 4"
    )


def test_pages_shrink_until_facebook_can_answer(new_warehouse):
    facebook = world(ALL, ads=40, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.rows_at_most = 100
        pipeline.load()

        assert certificate(pipeline)["step"] == "pages of 100"
        for account_id in ALL:
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )


@pytest.mark.parametrize("too_large", ["a page of 250", "any page"])
def test_an_hourly_run_begins_where_the_daily_one_ended(new_warehouse, too_large):
    facebook = world((FIRST,), ads=40, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.faults.rows_at_most = 100 if too_large == "a page of 250" else 1
        pipeline.load()
        pipeline.calls.clear()
        pipeline.load(recent=True)
        asked = [
            (call.method, call.params.get("limit"))
            for call in pipeline.calls
            if call.path == f"{FIRST}/insights" and call.params["level"] == "ad"
        ]

    # 80 ads of two days.
    assert asked == ([("GET", "100")] if "250" in too_large else [("POST", None)])


def test_what_no_page_can_hold_is_read_by_a_report_job(new_warehouse):
    facebook = world(ALL, ads=3, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.sync_impossible = True
        pipeline.load()

        done = certificate(pipeline)
        assert done["step"] == "report job"
        assert len(done["jobs"]) == 1
        for account_id in ALL:
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )


@pytest.mark.parametrize(
    "state", ["failed", "skipped", "stuck_not_started", "stuck_at_100", "expired"]
)
def test_a_job_that_ends_badly_is_submitted_again(new_warehouse, state):
    facebook = world((FIRST,), ads=3)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.faults.sync_impossible = True
        pipeline.faults.job_states = [state]
        pipeline.load()

        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)


def test_jobs_that_fail_for_good_are_cut_into_days(new_warehouse):
    facebook = world((FIRST,), ads=3, history=20)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.faults.sync_impossible = True
        pipeline.faults.job_states = ["failed"] * 6
        pipeline.load()

        steps = pipeline.rows("select details ->> 'step' from raw._loads")
        assert ("days",) in steps
        assert pipeline.spend("ad_insights", FIRST) == spend_of(facebook.ad_days, FIRST)


def test_one_poisoned_field_is_a_gap_and_all_else_is_loaded(new_warehouse):
    facebook = world(ALL, ads=5, history=5)
    sick = f"{SECOND.removeprefix('act_')}0003"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.poison[sick, YESTERDAY] = {"video_play_actions"}
        with pytest.raises(SourceError, match="1 of 3 ad accounts") as red:
            pipeline.load()

        assert gaps(pipeline) == [(SECOND, YESTERDAY, sick, "video_play_actions")]
        assert certificate(pipeline, SECOND)["step"] == "fields"
        for account_id in ALL:
            assert pipeline.spend("ad_insights", account_id) == spend_of(
                facebook.ad_days, account_id
            )
    assert f"ad {sick} on {YESTERDAY}: video_play_actions" in str(red.value)
    results = {
        one.account_id: one.outcome
        for table in pipeline.loaded
        if table.table == "ad_insights"
        for one in table.accounts
    }
    assert results == {FIRST: "loaded", SECOND: "failed", THIRD: "loaded"}


def test_a_poisoned_ad_keeps_its_last_known_row_until_it_heals(new_warehouse):
    facebook = world((FIRST,), ads=4, history=5)
    sick = f"{FIRST.removeprefix('act_')}0002"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        before = pipeline.spend("ad_insights", FIRST)
        pipeline.faults.poison[sick, YESTERDAY] = "*"
        with pytest.raises(SourceError, match="Facebook did not give"):
            pipeline.load()

        assert gaps(pipeline) == [(FIRST, YESTERDAY, sick, "*")]
        assert pipeline.spend("ad_insights", FIRST) == before
        pipeline.faults.poison.clear()
        pipeline.load()
        assert gaps(pipeline) == []
        assert pipeline.spend("ad_insights", FIRST) == before > Decimal(0)


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_poisoned_ad_that_raw_never_saw_is_named_too(new_warehouse, is_listed):
    facebook = world((FIRST,), ads=4, history=5)
    digits = FIRST.removeprefix("act_")
    sick = f"{digits}0002"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.faults.poison[sick, YESTERDAY] = "*"
        if not is_listed:
            facebook.ads[2]["effective_status"] = "DELETED"
        with pytest.raises(SourceError, match="Facebook did not give"):
            pipeline.load()

        named = ("ad", sick) if is_listed else ("ad_set", f"{digits}8")
        assert pipeline.rows("select level, object_id from raw.facebook__gaps") == [
            named
        ]


def test_an_account_that_fails_at_every_ad_is_given_up_in_minutes(new_database):
    facebook = world(ALL, ads=6, history=28)
    digits = SECOND.removeprefix("act_")

    with opened(facebook, new_database()) as pipeline:
        for row in facebook.ad_days:
            if row["account_id"] == digits:
                pipeline.faults.poison[row["ad_id"], row["date_start"]] = "*"
        with pytest.raises(SourceUnreachable, match="1 of 3 ad accounts") as red:
            pipeline.load()

        assert pipeline.timer.waited < 1800
        assert len(pipeline.calls) < 800
        assert gaps(pipeline) == []
        assert pipeline.spend("ad_insights", THIRD) == spend_of(facebook.ad_days, THIRD)
    assert "Facebook fails on most of this account" in str(red.value)


def test_an_outage_is_no_poison(new_warehouse):
    facebook = world((FIRST,), ads=4, history=5)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.config = replace(pipeline.config, listed_accounts=(FIRST,))
        pipeline.load()
        before = pipeline.spend("ad_insights", FIRST)
        pipeline.faults.try_again = 10_000
        with pytest.raises(SourceUnreachable):
            pipeline.load()
        spent = 10_000 - pipeline.faults.try_again

        assert spent < 60
        assert gaps(pipeline) == []
        assert pipeline.spend("ad_insights", FIRST) == before
