"""The backfill's step: months as partitions, told one by one, clamped, resumable."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest

from pipelines.definitions import defs
from pipelines.defs.facebook_backfill import HISTORY_KEY, MONTHS
from tests.conftest import NewDatabase
from tests.defs.facebook_step import Step, facebook_step, failure_of
from tests.facebook_world import FIRST, SECOND, insight, world

STEP = "backfill_facebook"


@pytest.fixture
def step(new_warehouse: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Step]:
    """Open two accounts; the first has delivered for a hundred days before December."""
    facebook = world([FIRST, SECOND], ads=1, history=1)
    for number in range(100):
        day = date(2025, 11, 30) - timedelta(days=number)
        ad_id = facebook.ads[0]["id"]
        facebook.ad_days.append(insight(FIRST, day, ad_id=ad_id, spend="2.00"))
        facebook.account_days.append(insight(FIRST, day, spend="2.00"))
    opened: AbstractContextManager[Step] = facebook_step(
        facebook, new_warehouse(), monkeypatch
    )
    with opened as running:
        yield running


def loaded(step: Step) -> set[str]:
    return step.instance.get_materialized_partitions(HISTORY_KEY)


def observed(step: Step) -> dict[str, Any]:
    """Return the forecast of the last run."""
    found = step.instance.fetch_observations(HISTORY_KEY, limit=1).records[0]
    assert found.asset_observation is not None
    return {
        name: entry.value for name, entry in found.asset_observation.metadata.items()
    }


def test_every_month_is_told_with_its_spend_the_newest_first(step: Step):
    result = step.backfill("2025-09-01", "2025-11-01")

    assert result.success
    made = step.instance.fetch_materializations(HISTORY_KEY, limit=10).records
    assert [one.partition_key for one in reversed(made)] == [
        "2025-11-01",
        "2025-10-01",
        "2025-09-01",
    ]
    newest = made[-1].asset_materialization
    assert newest is not None
    assert newest.metadata["spend_USD"].value == 60.0
    assert newest.metadata["rows_read"].value == 30
    assert newest.metadata["window"].value == "2025-11-01..2025-11-30"


def test_forecast_is_told_before_anything_is_loaded(step: Step):
    step.backfill("2025-09-01", "2025-11-01")

    forecast = observed(step)

    assert forecast["account_days_with_delivery"] == 91
    assert forecast["forecast_calls"] > 0
    assert forecast["window"] == "2025-09-01..2025-11-30"


def test_dry_run_forecasts_and_loads_nothing(step: Step):
    result = step.backfill("2025-09-01", "2025-11-01", dry_run=True)

    assert result.success
    assert loaded(step) == set()
    assert observed(step)["forecast_calls"] > 0
    assert step.rows("select count(*) from raw.facebook__ad_insights") == [(0,)]


def test_what_is_loaded_is_shown_and_not_asked_again(step: Step):
    step.backfill("2025-10-01", "2025-10-01")
    before = len(step.calls)

    step.backfill("2025-10-01", "2025-10-01")

    levels = [call.params.get("level") for call in step.calls[before:]]
    assert levels.count("ad") == 0
    step.backfill("2025-10-01", "2025-10-01", again=True)
    levels = [call.params.get("level") for call in step.calls[before:]]
    assert levels.count("ad") > 0
    assert loaded(step) == {"2025-10-01"}


# After itself, after its totals of all months, after November.
@pytest.mark.parametrize(("calls", "months"), [(1, 0), (2, 0), (3, 1)])
def test_month_that_an_account_lacks_is_not_shown_as_loaded(
    step: Step, calls: int, months: int
):
    step.faults.revoked[FIRST] = calls
    result = step.backfill("2025-09-01", "2025-11-01")

    assert not result.success
    assert len(loaded(step)) == months
    assert FIRST in failure_of(result, STEP)
    assert "what is loaded is skipped" in failure_of(result, STEP)
    step.faults.revoked.clear()
    result = step.backfill("2025-09-01", "2025-11-01")
    assert result.success
    assert loaded(step) == {"2025-09-01", "2025-10-01", "2025-11-01"}


def test_month_with_a_poisoned_ad_is_shown_with_what_it_lacks(step: Step):
    step.faults.poison[f"{FIRST[4:]}0000", "2025-11-10"] = {"reach"}
    step.faults.poison_code = (100, 1487534)
    result = step.backfill("2025-11-01", "2025-11-01")

    assert not result.success
    assert loaded(step) == {"2025-11-01"}
    made = step.instance.fetch_materializations(HISTORY_KEY, limit=1).records[0]
    assert made.asset_materialization is not None
    accounts: Any = made.asset_materialization.metadata["accounts"]
    errors = {row.data["account"]: row.data["error"] for row in accounts.records}
    assert "on 2025-11-10: reach" in errors[FIRST]
    rows = step.rows("select count(*) from raw.facebook__ad_insights")
    assert rows == [(30,)]


def test_months_that_facebook_no_longer_keeps_are_left_out_with_a_word(step: Step):
    result = step.backfill("2022-10-01", "2023-01-01", dry_run=True)

    assert result.success
    assert observed(step)["window"] == "2022-12-07..2023-01-31"
    said = [entry.user_message for entry in step.instance.all_logs(result.run_id)]
    assert any("Facebook keeps 37 months" in line for line in said)


def test_range_that_is_wholly_too_old_says_so(step: Step):
    result = step.backfill("2022-01-01", "2022-06-01")

    said = failure_of(result, STEP)
    assert "Facebook keeps 37 months, today that is since 2022-12-07" in said
    assert loaded(step) == set()


def test_account_that_no_list_names_stops_the_backfill_and_blames_no_table(step: Step):
    result = step.backfill("2025-10-01", "2025-10-01", accounts=["act_404"])

    assert "act_404" in failure_of(result, STEP)
    assert step.rows("select count(*) from raw._loads where outcome = 'failed'") == [
        (0,)
    ]


def test_backfill_may_run_longer_than_other_runs(step: Step):
    result = step.backfill("2025-10-01", "2025-10-01", dry_run=True)

    run = step.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert int(run.tags["dagster/max_runtime"]) > 24 * 3600


def test_one_account_can_be_loaded_alone(step: Step):
    step.backfill("2025-10-01", "2025-10-01", accounts=[FIRST])

    asked = {call.path.split("/")[0] for call in step.calls}
    assert SECOND not in asked


def test_backfill_is_a_job_of_its_own():
    graph = defs.resolve_asset_graph()
    jobs = {
        name: set(defs.resolve_job_def(name).asset_layer.executable_asset_keys)
        for name in ("extract", "extract_recent", "facebook_backfill")
    }

    assert jobs["facebook_backfill"] == {HISTORY_KEY}
    assert HISTORY_KEY not in jobs["extract"] | jobs["extract_recent"]
    assert graph.get(HISTORY_KEY).backfill_policy == dg.BackfillPolicy.single_run()
    assert MONTHS.get_first_partition_key() == "2022-01-01"
