"""One story told, extracted and built for all tests of this folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.dbt import PROJECT
from pipelines.sandbox.house import environment, open_house
from pipelines.sandbox.server import PORT, PostgresServer
from tests.story.running import KEPT, WAREHOUSE, Pipeline

PARSED = "partial_parse.msgpack"


@pytest.fixture(scope="session")
def pipeline(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """Open the sandbox, with an instance that keeps the events of this session only."""
    target = tmp_path_factory.mktemp("target")
    variables = {"DBT_TARGET_PATH": str(target)}
    with (
        open_house(server) as house,
        environment({**house.variables, **variables}),
        dg.DagsterInstance.ephemeral() as instance,
    ):
        running = Pipeline(house, instance)
        _parse(running, target)
        yield running


@pytest.fixture(scope="session")
def edition(pipeline: Pipeline) -> Pipeline:
    """Run extract and build once on an empty warehouse, and keep a copy of it."""
    pipeline.start_from("template0")
    for job in ("extract", "build"):
        result = pipeline.run(job)

        assert result.success, [e.message for e in result.get_step_failure_events()]
    pipeline.first_run_id = result.run_id
    pipeline.house.server.create_database(KEPT, template=WAREHOUSE)
    pipeline.is_at_first_edition = True
    return pipeline


@pytest.fixture
def first_edition(edition: Pipeline) -> Pipeline:
    """Return the pipeline as it was after its first edition, whatever came since."""
    if not edition.is_at_first_edition:
        edition.start_from(KEPT)
    return edition


def _parse(pipeline: Pipeline, target: Path) -> None:
    """Parse the project once for all builds; at the usual address it is parsed."""
    if (parsed := PROJECT.manifest_path.with_name(PARSED)).exists():
        shutil.copy(parsed, target / PARSED)
    if pipeline.house.server.port != PORT:
        done = pipeline.run_dbt("parse", "--quiet")

        assert done.returncode == 0, done.stdout[-2000:]
