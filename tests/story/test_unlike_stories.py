"""Another story, in databases that look otherwise: the pipeline agrees with it too."""

from decimal import Decimal

import dagster as dg

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
