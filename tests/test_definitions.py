"""The code location as the server loads it: complete, tidy, without orphans."""

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from pipelines.catalog import load_catalog
from pipelines.definitions import defs
from pipelines.defs.amocrm_checks import NAMES as AMOCRM_CHECKS
from pipelines.defs.assets import failing_step
from pipelines.defs.databases import CHECKS
from pipelines.defs.dbt import MANIFEST, reason_of
from pipelines.defs.facebook_backfill import HISTORY_KEY
from pipelines.defs.facebook_checks import NAMES as FACEBOOK_CHECKS
from pipelines.defs.resources import Environment, executor
from pipelines.errors import ConfigurationError

ROOT = Path(__file__).parents[1]
GRAPH = defs.resolve_asset_graph()
EXECUTABLE = sorted(GRAPH.executable_asset_keys, key=str)
SYSTEMS = ("landing", "traffic", "tripwire", "facebook", "amocrm")


def test_definitions_load_as_the_server_loads_them():
    dg.Definitions.validate_loadable(defs)


def test_steps_run_in_one_process_unless_told_otherwise():
    assert defs.executor is dg.in_process_executor
    assert executor("forkserver").name == "forkserver"
    with pytest.raises(ConfigurationError, match="PIPELINE_EXECUTOR is celery"):
        executor("celery")


def test_step_says_what_the_warehouse_refused():
    context = dg.build_asset_context()
    with (
        pytest.raises(dg.Failure, match="facebook: the warehouse did not") as red,
        failing_step(context, Environment(), "facebook"),
    ):
        raise psycopg.errors.ReadOnlySqlTransaction("read-only\nDETAIL: +77010000000")

    assert "7701" not in str(red.value.description)


def test_reason_of_a_withheld_edition_names_what_failed():
    said = (
        "exit code `1`.\n\n\x1b[31mFailure in test assert_sums (tests/a.sql)\x1b[0m\n"
        "Got 85 results\n\x1b[31mDatabase Error in model fx (models/fx.sql)\x1b[0m\n"
    )

    assert reason_of(Exception(said)).startswith("failed: test assert_sums, model fx;")
    assert reason_of(Exception("\x1b[31mno\nanswer\x1b[0m")) == "no answer"


def test_the_four_jobs_are_there():
    names = {job.name for job in defs.resolve_all_job_defs()}

    assert {"extract", "extract_recent", "build", "weekly_plans"} <= names
    assert "facebook_backfill" in names


def test_every_declared_table_is_an_asset_at_its_address():
    for table in load_catalog():
        assert GRAPH.has(dg.AssetKey(["raw", table.name])), table.name


@pytest.mark.parametrize("key", EXECUTABLE, ids=lambda key: key.to_user_string())
def test_every_asset_is_described_owned_and_grouped(key: dg.AssetKey):
    node = GRAPH.get(key)

    assert node.description
    assert node.owners
    assert node.kinds
    assert node.group_name and node.group_name != "default"


def test_no_asset_is_an_orphan():
    for key in EXECUTABLE:
        node = GRAPH.get(key)

        assert node.parent_keys or node.child_keys, key.to_user_string()


def test_every_source_that_dbt_reads_is_made_by_somebody():
    made = set(GRAPH.executable_asset_keys) | GRAPH.external_asset_keys
    for key in EXECUTABLE:
        assert GRAPH.get(key).parent_keys <= made, key.to_user_string()


def test_every_dbt_test_is_an_asset_check():
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    tests = [node for node in nodes if node["resource_type"] == "test"]
    ours = CHECKS.keys() | FACEBOOK_CHECKS | AMOCRM_CHECKS
    checks = [key for key in GRAPH.asset_check_keys if key.name not in ours]

    assert len(checks) == len(tests)


def test_schedules_speak_almaty_time():
    for schedule in defs.schedules or []:
        assert schedule.execution_timezone == "Asia/Almaty"


def test_raw_assets_and_marts_have_a_freshness_policy():
    # The clock is of each build, the past is loaded when somebody asks for it.
    ageless = {dg.AssetKey(["raw", "_clock"]), HISTORY_KEY}
    for key in EXECUTABLE:
        if key.path[0] in ("raw", "marts") and key not in ageless:
            assert GRAPH.get(key).freshness_policy, key.to_user_string()


def test_extraction_knows_neither_dagster_nor_the_sandbox():
    for folder in ("extract", "load", "ingest"):
        for path in (ROOT / "pipelines" / folder).rglob("*.py"):
            for module in _imports(path):
                assert not module.startswith(("dagster", "pipelines.sandbox")), path


def test_production_code_never_imports_the_sandbox():
    for path in (ROOT / "pipelines").rglob("*.py"):
        if "sandbox" not in path.parts:
            assert not any("sandbox" in module for module in _imports(path)), path


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


def test_the_instance_of_dagster_yaml_keeps_runs_in_postgres(
    new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", new_database())

    with dg.DagsterInstance.get() as instance:
        job = defs.resolve_job_def("build")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        instance.report_run_failed(run, "an event that NOTIFYs")

    with dg.DagsterInstance.get() as instance:
        assert instance.get_run_by_id(run.run_id).is_failure
