"""One story told, extracted and built for all tests of this folder."""

from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.sandbox.house import environment, open_house
from pipelines.sandbox.server import PostgresServer
from tests.story.running import Pipeline


@pytest.fixture(scope="session")
def pipeline(server: PostgresServer) -> Iterator[Pipeline]:
    """Open the sandbox, with an instance that keeps the events of this session only."""
    with (
        open_house(server) as house,
        environment(house.variables),
        dg.DagsterInstance.ephemeral() as instance,
    ):
        yield Pipeline(house, instance)


@pytest.fixture(scope="session")
def first_edition(pipeline: Pipeline) -> Pipeline:
    """Run extract and build once on an empty warehouse."""
    for job in ("extract", "build"):
        result = pipeline.run(job)

        assert result.success, [e.message for e in result.get_step_failure_events()]
    return pipeline
