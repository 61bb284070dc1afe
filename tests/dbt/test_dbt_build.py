"""The whole dbt project on a warehouse that nothing was ever loaded into."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from pipelines.catalog import STAGING, load_catalog
from pipelines.warehouse import connect, dbt_environment, prepare, write_clock

PROJECT = STAGING.parents[1]
NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)


def run_dbt(
    url: str, target: Path, *arguments: str, project: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    """Run dbt of this environment against a warehouse, with a target of its own."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    environment = {**os.environ, **dbt_environment(url)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(
    lasting_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    url = lasting_database()
    with connect(url) as connection:
        prepare(connection, load_catalog())
        write_clock(connection, NOW)
    result = run_dbt(url, tmp_path_factory.mktemp("target"), "--no-use-colors", "build")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection, result.stdout


def test_models_data_tests_and_unit_tests_pass_without_a_row(built):
    _, log = built

    assert "ERROR=0 SKIP=0" in log, log[-8000:]


def test_columns_that_yaml_describes_exist(built):
    connection, _ = built
    rows = connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema in ('staging', 'intermediate', 'candidate', 'seeds')"
    ).fetchall()
    described = {
        (model["name"], column["name"])
        for path in (PROJECT / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", [])
        for column in model.get("columns", [])
    }

    assert described - set(rows) == set()
