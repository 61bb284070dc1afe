"""The written results: docs/benchmarks.md, and a line for each run while it runs.

What the numbers mean belongs to `results.py` and `goals.py`.
"""

from collections.abc import Iterable

from benchmarks import table
from benchmarks.environments import versions
from benchmarks.goals import goals
from benchmarks.results import (
    OK,
    SCENARIOS,
    TYPES_LOST,
    Results,
    Run,
    inner_ratio,
    median,
    ratio,
)
from benchmarks.tools import OURS, TOOLS, Tool

INTRODUCTION = f"""# Benchmarks of the PostgreSQL engine

Written by `make bench`, not by hand. A table of leads (uuid key, five UTM columns,
JSONB, timestamps with an index on `updated_at`, about 330 bytes a row) goes from one
PostgreSQL server to another. Read ratios, not seconds: **1.0 is the psql pipe**, the
least that the work can cost. Tools take turns; shown are medians. Each run starts a
new process, whose start-up counts. Afterwards the rows of both sides are compared by
hash; "types lost" means the same values, but not all in the types of the source. CPU
and memory are those of all processes of a tool; server CPU and WAL (of the target, with
full pages: a checkpoint precedes each run) are what it makes the servers do.

`make bench` measures all again; `python -m benchmarks --help` shows how to choose
tools, scenarios and sizes. The pipe is told what changed and looks for no deletes. The
many small tables are {table.SMALL_TABLES} of {table.SMALL_ROWS} rows each.

![Time of each tool against the pipe](benchmarks.png)
"""
CURSOR_NOTE = """
Tools that follow an indexed timestamp stop where the index ends: they are quick, and
they find neither deletes nor updates that leave the timestamp alone. One that compares
the whole table finds both and reads all of it each time. Modes that need a logical
replication slot were not measured.
"""
# What is found is told in a table of its own.
TIMED = {name: title for name, title in SCENARIOS.items() if name != "silent"}
HEADER = (
    "tool",
    "time ×",
    "median s",
    "min s",
    "client CPU s",
    "server CPU s",
    "WAL MB",
    "peak MB",
    "rows after",
    "runs",
)


def document(results: Results) -> str:
    """Return the whole document."""
    parts = [INTRODUCTION, _goals(results)]
    for scenario, title in TIMED.items():
        for rows in results.sizes(scenario):
            parts.append(f"## {title}, {rows:,} rows\n")
            parts.append(_figures(results, scenario, rows))
    parts += [_found(results), _behind(results), _machine(results), _tools(results)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def line(run: Run) -> str:
    """Return one line about a run that has just ended."""
    inner = f" ({run.inner_seconds:.2f} inside)" if run.inner_seconds else ""
    end = run.error or run.check
    return (
        f"{run.rows:>9,} {run.scenario:<15} {run.tool:<9} {run.seconds:7.2f} s{inner} "
        f"client {run.cpu_seconds:.2f} server {run.server_seconds:.2f} "
        f"wal {run.wal_mb:.0f} peak {run.peak_mb:.0f} MB: {end}"
    )


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    names = list(header)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _goals(results: Results) -> str:
    header = ("measure", "goal", "whole process", "after imports", "")
    cells = [
        (goal.measure, goal.goal, goal.whole, goal.after_imports, goal.verdict)
        for goal in goals(results)
    ]
    return f"## Goals\n\n{markdown(header, cells)}"


def _figures(results: Results, scenario: str, rows: int) -> str:
    lines: list[tuple[float, tuple[str, ...]]] = []
    failed = []
    for tool in TOOLS:
        runs = results.of(tool.name, scenario, rows)
        if runs:
            lines.append(_figure(results, tool, scenario, rows))
        errors = [
            run.error
            for run in results.runs
            if (run.tool, run.scenario, run.rows) == (tool.name, scenario, rows)
        ]
        failed += [f"- {tool.title} {error}" for error in errors if error]
    inner = _inner_figure(results, scenario, rows)
    ordered = [cells for _, cells in sorted([*lines, *inner])]
    return "\n".join(filter(None, [markdown(HEADER, ordered), "\n".join(failed)]))


def _figure(
    results: Results, tool: Tool, scenario: str, rows: int
) -> tuple[float, tuple[str, ...]]:
    runs = results.of(tool.name, scenario, rows)
    seconds = [run.seconds for run in runs]
    middle = median(runs, lambda run: run.seconds) or 0.0
    checks = sorted({run.check for run in runs})
    return middle, (
        f"**{tool.title}**" if tool is OURS else tool.title,
        _times(ratio(results, tool.name, scenario, rows)),
        f"{middle:.2f}",
        f"{min(seconds):.2f}",
        f"{median(runs, lambda run: run.cpu_seconds):.2f}",
        f"{median(runs, lambda run: run.server_seconds):.2f}",
        f"{median(runs, lambda run: run.wal_mb):.1f}",
        f"{median(runs, lambda run: run.peak_mb):.0f}",
        ", ".join(checks),
        str(len(runs)),
    )


def _inner_figure(
    results: Results, scenario: str, rows: int
) -> list[tuple[float, tuple[str, ...]]]:
    runs = results.of(OURS.name, scenario, rows)
    seconds = [run.inner_seconds for run in runs if run.inner_seconds is not None]
    middle = median(runs, lambda run: run.inner_seconds)
    if middle is None:
        return []
    times = _times(inner_ratio(results, OURS.name, scenario, rows))
    least = f"{min(seconds):.2f}"
    title = f"**{OURS.title}**, after imports"
    return [(middle, (title, times, f"{middle:.2f}", least, *[""] * 6))]


def _times(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _found(results: Results) -> str:
    header = ("tool", SCENARIOS["deleted"], SCENARIOS["silent"])
    lines = []
    for tool in TOOLS:
        cells = []
        for scenario in ("deleted", "silent"):
            checks = {
                run.check
                for run in results.runs
                if (run.tool, run.scenario) == (tool.name, scenario) and not run.error
            }
            cells.append(", ".join(sorted(checks)))
        if any(cells):
            lines.append((tool.title, *cells))
    table_of_checks = markdown(header, lines)
    return f"## Deletes and silent updates\n\n{table_of_checks}{CURSOR_NOTE}"


def _behind(results: Results) -> str:
    lines = [
        text
        for scenario in TIMED
        for rows in results.sizes(scenario)
        for tool in TOOLS
        if (text := _lead(results, tool, scenario, rows))
    ]
    body = "\n".join(lines) or "Nowhere."
    return f"## Where this project is not ahead\n\n{body}\n"


def _lead(results: Results, tool: Tool, scenario: str, rows: int) -> str | None:
    """Return by how much and why a tool is ahead, when it is."""
    runs = results.of(OURS.name, scenario, rows)
    ours = median(runs, lambda run: run.seconds)
    inner = median(runs, lambda run: run.inner_seconds)
    others = results.of(tool.name, scenario, rows)
    other = median(others, lambda run: run.seconds)
    if tool is OURS or ours is None or other is None or other >= ours:
        return None
    start = "" if inner is None else f", {ours - inner:.2f} s of them start-up"
    missed = sorted({run.check for run in others} - {OK, TYPES_LOST})
    checks = f" ({', '.join(missed)})" if missed else ""
    return (
        f"- {SCENARIOS[scenario]}, {rows:,} rows: {tool.title} is "
        f"{ours / other:.1f} × faster ({other:.2f} s against {ours:.2f} s{start}): "
        f"{tool.reason}{checks}."
    )


def _machine(results: Results) -> str:
    cells = results.facts.items()
    return f"## Machine and settings\n\n{markdown(('what', 'value'), cells)}"


def _tools(results: Results) -> str:
    known = {name.lower(): version for name, version in versions().items()}
    lines = []
    for tool in TOOLS:
        package = tool.requirements[0].partition("[")[0] if tool.requirements else ""
        version = f"{package} {known.get(package.lower(), '')}".strip()
        lines.append((tool.title, version, results.missing.get(tool.name, tool.how)))
    return f"## Tools\n\n{markdown(('tool', 'package', 'how it is used'), lines)}"
