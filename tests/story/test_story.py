"""The story test: what the real jobs publish is what the story says, to the tenge."""

import hashlib
import json
import shutil
from collections import defaultdict
from pathlib import Path

import psycopg

from pipelines.defs.dbt import MANIFEST
from pipelines.defs.resources import DBT_PROJECT
from pipelines.sandbox.answers.expected import expected_marts
from pipelines.sandbox.house import BACKFILL_DAYS
from tests.story.running import KEYS, Pipeline, story_differences

CANARIES = ("canary-secret", "canary-pii")


def test_marts_equal_the_storys_answers(first_edition: Pipeline):
    house = first_edition.house

    lines = story_differences(house.warehouse_url, house, schema="marts")

    assert not lines, f"{len(lines)} differences:\n" + "\n".join(lines[:20])


def test_people_are_the_storys_people(first_edition: Pipeline):
    def groups(rows):
        people = defaultdict(set)
        for row in rows:
            people[row["person_id"]].add((row["source_db"], row["lead_id"]))
        return set(map(frozenset, people.values()))

    answers = expected_marts(first_edition.house.world, backfill_days=BACKFILL_DAYS)

    assert groups(first_edition.rows("lead_attribution")) == groups(
        answers["lead_attribution"]
    )


def test_refunds_are_the_storys_refunds(first_edition: Pipeline):
    answers = expected_marts(first_edition.house.world, backfill_days=BACKFILL_DAYS)
    stats = first_edition.rows("traffic_sales_stats")

    refunded = sum(r["refunds_kzt"] for r in stats if r["period_type"] == "daily")

    assert refunded == sum(row["refund_kzt"] for row in answers["refunds"]) > 0


def test_every_check_of_the_build_is_visible_and_none_failed(first_edition: Pipeline):
    entries = first_edition.instance.all_logs(first_edition.first_run_id)
    checks = [
        entry.dagster_event.event_specific_data
        for entry in entries
        if entry.dagster_event
        and entry.dagster_event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]

    manifest = json.loads(MANIFEST.read_text())
    kinds = [node["resource_type"] for node in manifest["nodes"].values()]

    assert len(checks) == kinds.count("test") > 30
    assert not [c for c in checks if not c.passed and c.severity.value == "ERROR"]


def test_secrets_and_undeclared_columns_never_leave_their_source(
    first_edition: Pipeline,
):
    with psycopg.connect(first_edition.house.warehouse_url) as warehouse:
        tables = warehouse.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname in ('raw', 'intermediate', 'candidate', 'marts')"
        ).fetchall()
        for (table,) in tables:
            for canary in CANARIES[:1] if table.startswith("raw.") else CANARIES:
                query = f"select count(*) from {table} as t where t::text like %s"
                found = warehouse.execute(query, [f"%{canary}%"]).fetchone()

                assert found == (0,), f"{canary} in {table}"


def test_a_second_run_changes_nothing(first_edition: Pipeline):
    before = _fingerprints(first_edition)

    extracted, built = first_edition.run("extract"), first_edition.run("build")

    assert extracted.success and built.success
    assert _fingerprints(first_edition) == before
    assert _changes_of_last_edition(first_edition) == (0, 0, 0)
    assert _rows_changed_by_last_extract(first_edition, extracted.run_id) == {}


def test_a_broken_rule_turns_the_story_test_red(
    first_edition: Pipeline, tmp_path: Path
):
    """Two mutants: KZT truncated instead of rounded, and the last step deciding."""
    house = first_edition.house
    project = _mutated(
        tmp_path / "project",
        ("spend/int_spend__converted.sql", "round(spend_usd", "trunc(spend_usd"),
        (
            "attribution/int_attribution__sale_decisions.sql",
            "order by step, read_order",
            "order by step desc, read_order",
        ),
    )
    names = ["int_spend__converted+", "int_attribution__sale_decisions+"]

    result = first_edition.run_dbt("run", "--select", *names, project=project)
    lines = story_differences(house.warehouse_url, house, schema="candidate")

    assert result.returncode == 0, result.stdout[-2000:]
    assert any(line.startswith("traffic_stats") for line in lines)
    assert any(line.startswith("sale_attribution") for line in lines)
    assert any(line.startswith("traffic_sales_stats") for line in lines)


def _mutated(folder: Path, *changes: tuple[str, str, str]) -> Path:
    shutil.copytree(DBT_PROJECT, folder, ignore=shutil.ignore_patterns("target"))
    for name, old, new in changes:
        path = folder / "models" / "intermediate" / name

        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    return folder


def _fingerprints(pipeline: Pipeline) -> dict[str, str]:
    return {
        mart: hashlib.sha256(
            json.dumps(
                sorted(pipeline.rows(mart), key=str), default=str, sort_keys=True
            ).encode()
        ).hexdigest()
        for mart in (*KEYS, "data_status")
    }


OF_RUNS = ("source_freshness", "crm_loads", "crm_api_budget")


def _changes_of_last_edition(pipeline: Pipeline) -> tuple[int, int, int]:
    """Count what changed in all marts but those that tell of the runs themselves."""
    query = """
    select sum(rows_inserted), sum(rows_updated), sum(rows_deleted)
    from marts.publish_log
    where mart <> all(%s) and edition = (
        select edition from marts.publish_log order by publish_id desc limit 1
    )
    """
    with psycopg.connect(pipeline.house.warehouse_url) as warehouse:
        return tuple(map(int, warehouse.execute(query, [[*OF_RUNS]]).fetchone()))


def _rows_changed_by_last_extract(pipeline: Pipeline, run_id: str) -> dict[str, int]:
    query = """
    select system || '.' || table_name,
        sum(rows_inserted + rows_updated + rows_deleted)::int
    from raw._loads where run_id = %s
    group by 1 having sum(rows_inserted + rows_updated + rows_deleted) > 0
    """
    with psycopg.connect(pipeline.house.warehouse_url) as warehouse:
        return dict(warehouse.execute(query, [run_id]).fetchall())
