"""The whole dbt project on a warehouse that nothing was ever loaded into."""

from datetime import UTC, datetime

import psycopg
import pytest
import yaml

from pipelines.defs.resources import DBT_PROJECT
from pipelines.warehouse import connect, write_clock
from tests.conftest import NewDatabase
from tests.story.running import Pipeline

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def log_and_columns(
    pipeline: Pipeline, lasting_warehouse: NewDatabase
) -> tuple[str, set[tuple[str, str]]]:
    """Build everything; return what dbt said, and the columns that it made."""
    pipeline.start_from(lasting_warehouse().rpartition("/")[2])
    with connect(pipeline.house.warehouse_url) as connection:
        write_clock(connection, NOW)
    result = pipeline.run_dbt("build")
    with psycopg.connect(pipeline.house.warehouse_url) as connection:
        rows = connection.execute(
            "select table_name, column_name from information_schema.columns where "
            "table_schema in ('staging', 'intermediate', 'candidate', 'seeds')"
        ).fetchall()
    return result.stdout, set(rows)


def test_models_data_tests_and_unit_tests_pass_without_a_row(log_and_columns):
    log, _ = log_and_columns

    assert "ERROR=0 SKIP=0" in log, log[-8000:]


def test_columns_that_yaml_describes_exist(log_and_columns):
    _, columns = log_and_columns
    described = {
        (model["name"], column["name"])
        for path in (DBT_PROJECT / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", [])
        for column in model.get("columns", [])
    }

    assert described - columns == set()
