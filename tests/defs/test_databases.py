"""A step that reads a database, as an operator sees it: checks, metadata, switches."""

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.catalog import Catalog
from pipelines.defs.databases import AS_DECLARED, CHECKS, LOADED, database_step
from pipelines.defs.resources import Environment
from tests.conftest import NewDatabase
from tests.ingest.source import LEADS, Pair, declare

ROOT = Path(__file__).parents[2]
Checks = dict[tuple[str, str], dg.AssetCheckEvaluation]


@pytest.fixture
def leads(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> Pair:
    url = new_database()
    monkeypatch.setenv("LANDING_DATABASE_URL", url)
    monkeypatch.setenv("WAREHOUSE_URL", url)
    pair = Pair(url, url, [declare("leads", LEADS), declare("other", {"id": "int"})])
    pair.source(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "insert into leads select generate_series(1, 100)",
        "create table other (id int primary key)",
        "insert into other values (1)",
    )
    return pair


def run(pair: Pair, **config: Any) -> tuple[dg.ExecuteInProcessResult, Checks]:
    """Run the step and return its checks by table and name."""
    ops = {"extract_landing": {"config": config}}
    result = dg.materialize(
        [database_step("landing", Catalog(tuple(pair.tables)))],
        resources={"environment": Environment()},
        run_config={"ops": ops},
        raise_on_error=False,
    )
    found = result.get_asset_check_evaluations()
    return result, {(one.asset_key.path[-1], one.check_name): one for one in found}


def test_loaded_table_passes_both_checks_and_says_how_fast(leads):
    result, checks = run(leads)

    assert result.success
    assert len(checks) == len(CHECKS) * 2
    assert all(check.passed for check in checks.values())
    made = result.asset_materializations_for_node("extract_landing")
    facts = {one.asset_key.path[-1]: one.metadata for one in made}["landing__leads"]
    assert facts["mode"].value == "snapshot"
    assert facts["rows_read"].value == 100
    assert facts["rows_per_second"].value > 0


def test_guard_turns_the_check_of_its_table_red_until_it_is_confirmed(leads):
    run(leads)
    leads.source("delete from leads", "alter table leads add extra int")

    result, checks = run(leads)

    assert not result.success
    red = checks["landing__leads", LOADED]
    assert (red.passed, red.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert red.metadata["guard"].value == "mass_delete"
    assert "confirm_deletes: [leads]" in (red.description or "")
    yellow = checks["landing__leads", AS_DECLARED]
    assert (yellow.passed, yellow.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "undeclared columns (not loaded): extra" in (yellow.description or "")
    assert checks["landing__other", LOADED].passed
    result, checks = run(leads, confirm_deletes=["leads"])
    assert result.success
    assert checks["landing__leads", LOADED].passed


def test_confirmed_type_turns_the_check_green(leads):
    run(leads)
    leads.source(
        "update leads set name = '{}'",
        "alter table leads alter name type jsonb using name::jsonb",
    )
    leads.raw("update raw.landing__leads set name = 'plain'")

    _, checks = run(leads)

    assert checks["landing__leads", LOADED].metadata["guard"].value == (
        "incompatible_type"
    )
    assert not checks["landing__leads", AS_DECLARED].passed
    _, checks = run(leads, confirm_types=["leads"])
    assert all(check.passed for check in checks.values())


def test_source_that_was_not_reached_is_not_said_to_be_as_declared(leads, monkeypatch):
    url = leads.source_url.replace("//postgres@", "//stranger@")
    monkeypatch.setenv("LANDING_DATABASE_URL", url)

    _, checks = run(leads)

    assert not any(check.passed for check in checks.values())
    said = checks["landing__other", AS_DECLARED].description or ""
    assert said.startswith("not compared")


def test_switch_that_names_no_table_stops_the_step(leads):
    result, checks = run(leads, confirm_source=["leeds"])

    assert not result.success
    assert checks == {}
    failure = result.failure_data_for_node("extract_landing")
    assert failure is not None
    assert "confirm_source names leeds" in str(failure.user_failure_data)


def test_every_guard_is_explained_to_the_operator():
    code = "".join(path.read_text() for path in (ROOT / "pipelines").rglob("*.py"))
    page = (ROOT / "docs" / "operations.md").read_text()

    explained = re.findall(r"^\| `([a-z_]+)` \| .* \| .* \|$", page, re.MULTILINE)

    assert set(re.findall(r'guard="([a-z_]+)"', code)) <= set(explained)
