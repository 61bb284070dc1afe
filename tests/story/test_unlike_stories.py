"""Other stories, and bad days: the pipeline agrees, or says what it does not know."""

from datetime import timedelta
from decimal import Decimal

import dagster as dg
import psycopg

from pipelines.sandbox.house import environment, open_house
from pipelines.sandbox.story.world import StoryOptions
from tests.story.running import Pipeline, story_differences

ALTERED = StoryOptions(
    seed=11,
    teams=("North Star", "beta team", "Гамма", "D"),
    base_rate=Decimal(455),
    variant="drifted",
)


def test_an_altered_story_in_drifted_databases_is_answered_too(pipeline: Pipeline):
    pipeline.start_from("template0")
    warehouse_url = pipeline.house.warehouse_url
    with (
        open_house(pipeline.house.server, ALTERED, prefix="altered_") as house,
        environment({**house.variables, "WAREHOUSE_URL": warehouse_url}),
        dg.DagsterInstance.ephemeral() as instance,
    ):
        altered = Pipeline(house, instance)

        assert altered.run("extract").success
        assert altered.run("build").success

        lines = story_differences(warehouse_url, house, schema="marts")

        assert not lines, f"{len(lines)} differences:\n" + "\n".join(lines[:20])


def test_broken_sources_do_not_stop_the_house(first_edition: Pipeline):
    """Landing lost a column, Tripwire refuses us, Facebook refuses our token."""
    house = first_edition.house
    before = {row["date"]: row for row in _days(first_edition)}
    tomorrow = house.world.now + timedelta(days=2)
    bad_day = {
        "PIPELINE_NOW": tomorrow.isoformat(),
        "TRIPWIRE_DATABASE_URL": house.variables["TRIPWIRE_DATABASE_URL"].replace(
            "postgres@", "stranger@"
        ),
        "FACEBOOK_ACCESS_TOKEN": "expired",
    }
    rename = "alter table landing_leads rename column {} to {}"
    landing = house.variables["LANDING_DATABASE_URL"]
    with psycopg.connect(landing, autocommit=True) as source:
        source.execute(rename.format("created_at", "made_at"))
        try:
            with environment(bad_day):
                extracted, built = (
                    first_edition.run("extract"),
                    first_edition.run("build"),
                )
        finally:
            source.execute(rename.format("made_at", "created_at"))

    assert _failed_steps(extracted) == {
        "extract_landing",
        "extract_tripwire",
        "extract_facebook",
    }
    assert built.success
    _assert_says_who_is_behind(first_edition)
    _assert_unknown_is_unknown(first_edition, before)


def _assert_says_who_is_behind(pipeline: Pipeline) -> None:
    status = {row["subject"]: row for row in pipeline.rows("data_status")}
    behind = {name for name, row in status.items() if row["state"] == "behind"}

    assert behind == {"landing", "tripwire", "facebook"}
    assert "created_at" in status["landing"]["reason"]
    assert "user and password" in status["tripwire"]["reason"]
    assert "token" in status["facebook"]["reason"].lower()


def _assert_unknown_is_unknown(pipeline: Pipeline, before: dict) -> None:
    """New days are NULL where a source is behind; old days are as they were."""
    after = {row["date"]: row for row in _days(pipeline)}
    new = sorted(after.keys() - before.keys())

    assert len(new) == 2
    for on in new:
        assert after[on]["spend_usd"] is None
        assert after[on]["leads_count"] is None
    for on in sorted(before)[:-1]:
        assert after[on]["total_revenue_kzt"] == before[on]["total_revenue_kzt"]
        assert after[on]["leads_count"] == before[on]["leads_count"]


def _days(pipeline: Pipeline) -> list[dict]:
    rows = pipeline.rows("traffic_sales_stats")
    team = min(r["team_name"] for r in rows if r["team_name"] != "Unattributed")
    return [r for r in rows if r["period_type"] == "daily" and r["team_name"] == team]


def _failed_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.step_key for event in result.get_step_failure_events()}
