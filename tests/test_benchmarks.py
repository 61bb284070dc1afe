"""The benchmark says what was measured and hides nothing; nothing is timed here."""

from pathlib import Path

import psycopg
import pytest

from benchmarks import environments, goals, measure, picture, report, results, table
from benchmarks.results import DELETES_MISSED, OK, TYPES_LOST, Results, Run
from benchmarks.tools import OURS, PIPE, TOOLS, Job

ROWS = 1_000_000
JOB = Job("postgresql://source", "postgresql://target", Path("state"), age=7)


def run(tool: str, scenario: str, seconds: float, **more) -> Run:
    values = {
        "tool": tool,
        "scenario": scenario,
        "rows": ROWS,
        "seconds": seconds,
        "cpu_seconds": 0.5,
        "server_seconds": 1.0,
        "wal_mb": 2.0,
        "peak_mb": 40.0,
        "check": OK,
    }
    return Run(**{**values, **more})


@pytest.fixture
def measured() -> Results:
    runs = [
        *(run("pipe", "full", seconds) for seconds in (2.0, 9.0, 1.0)),
        *(run("ours", "full", 2.2, inner_seconds=2.0) for _ in range(3)),
        run("sling", "full", 8.0),
        run("polars", "full", 3.0, check=TYPES_LOST),
        run("pipe", "unchanged", 0.2),
        run("ours", "unchanged", 0.8, inner_seconds=0.4),
        run("sling", "unchanged", 0.6),
        run("pipe", "deleted", 0.2, check=DELETES_MISSED),
        run("ours", "deleted", 0.9, inner_seconds=0.5),
        run("ingestr", "full", 1.0, error="ended with 1: the disk is full"),
    ]
    return Results(
        {"Memory": "1 GB"}, runs, {"pandas": "cannot be installed: no index"}
    )


def test_ratios_are_those_of_medians(measured):
    assert results.ratio(measured, "ours", "full", ROWS) == pytest.approx(1.1)
    assert results.inner_ratio(measured, "ours", "full", ROWS) == pytest.approx(1.0)


def test_failed_run_counts_in_no_ratio(measured):
    assert results.ratio(measured, "ingestr", "full", ROWS) is None


def test_newer_run_replaces_the_same_sizes_only(measured):
    newer = Results(runs=[run("pipe", "full", 3.0), run("pipe", "full", 4.0, rows=5)])

    merged = measured.merged(newer)

    assert merged.sizes("full") == [5, ROWS]
    assert [r.seconds for r in merged.of("pipe", "full", ROWS)] == [3.0]
    assert merged.of("ours", "unchanged", ROWS)


def test_kept_results_are_read_back(measured, tmp_path):
    results.save(measured, tmp_path / "kept.json")

    assert results.load(tmp_path / "kept.json") == measured
    assert results.load(tmp_path / "nothing.json") == Results()


def test_goals_are_judged_by_the_whole_process(measured):
    verdicts = {goal.measure: goal.verdict for goal in goals.goals(measured)}

    assert verdicts == {
        "First load, 1,000,000 rows": "met",
        "Nothing changed, 1,000,000 rows": "met after imports",
        "First load, 1,000,000 rows: ahead of every other tool": "missed",
        "First load, 1,000,000 rows: ahead of every other tool that keeps types": "met",
        "Memory of the copying process, at any size": "met",
    }


def test_document_tells_who_is_ahead_and_who_misses_deletes(measured):
    text = report.document(measured)

    assert "sling is 1.3 × faster (0.60 s against 0.80 s, 0.40 s of them" in text
    assert "| psql pipe | deletes missed |" in text
    assert "| **this project**, after imports | 2.00 | 0.40 |" in text


def test_document_lists_tools_that_failed_or_are_missing(measured):
    text = report.document(measured)

    assert "- ingestr ended with 1: the disk is full" in text
    assert "cannot be installed: no index" in text


def test_document_of_nothing_can_be_written():
    assert "## Tools" in report.document(Results())


def test_picture_shows_the_fastest_first(measured):
    panel = picture.panels(measured)[0]

    assert [bar.label for bar in panel.bars] == [
        "psql pipe",
        "this project",
        "polars / ADBC",
        "sling",
    ]
    assert panel.bars[1].note == "1.0 × after imports"


def test_every_package_is_held_at_a_version():
    held = {name.lower() for name in environments.versions()}
    needed = {
        package.partition("[")[0].lower()
        for tool in TOOLS
        for package in tool.requirements
    }

    assert needed <= held


def test_reason_of_a_failure_names_no_place():
    output = "ok\nERROR: no dlt at https://index.example/simple in /home/me/x\nbye\n"

    assert environments.reason_in(output) == "ERROR: no dlt at … in …"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_is_told_source_and_target(tool):
    for command in (tool.full(JOB), tool.incremental(JOB)):
        words = " ".join(command)

        assert JOB.source_url in words
        assert JOB.target_url in words


def test_pipe_asks_for_changed_rows_by_their_age():
    assert "where age(xmin) <= 7)" in PIPE.incremental(JOB)[-1]


def test_only_our_large_table_is_declared_as_incremental():
    small = Job("source", "target", Path("state"), tables=("small_01", "small_02"))

    assert OURS.full(JOB)[-2:] == ["--mode", "xmin"]
    assert OURS.full(small)[-2:] == ["small_01", "small_02"]


def test_program_that_cannot_be_started_is_a_failed_run(tmp_path):
    used = measure.run(["./nothing"], environment={}, folder=tmp_path, timeout=60)

    assert used.status == measure.CANNOT_START
    assert "No such file" in used.output


def test_command_is_measured_with_its_children(tmp_path):
    command = ["bash", "-c", "echo said | cat; exit 3"]

    used = measure.run(command, environment={}, folder=tmp_path, timeout=60)

    assert (used.status, used.output) == (3, "said\n")


def test_rows_are_the_same_each_time(new_database):
    contents = []
    for _ in range(2):
        url = new_database()
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in table.creation("leads", 300):
                connection.execute(statement)
            contents.append(connection.execute(table.contents("leads")).fetchone())

    assert contents[0] == contents[1]
    assert contents[0][0] == 300


def test_hash_sees_a_changed_row_and_not_a_changed_type(new_database):
    with psycopg.connect(new_database(), autocommit=True) as connection:
        for statement in table.creation("leads", 300):
            connection.execute(statement)
        before = connection.execute(table.contents("leads")).fetchone()

        connection.execute("create table typeless as select * from leads")
        for column in ("id", "form_data"):
            statement = f"alter table typeless alter column {column} type text"
            connection.execute(statement)
        typeless = connection.execute(table.contents("typeless")).fetchone()
        connection.execute(table.silent(1))
        after = connection.execute(table.contents("leads")).fetchone()

    assert typeless == before
    assert after[:2] == before[:2]
    assert after[2] != before[2]
