"""Compare this project's PostgreSQL engine with the limit and with other tools.

A run of everything rewrites docs/benchmarks.md; a selection only prints its figures.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import environments, results, table
from benchmarks.environments import FOLDER
from benchmarks.facts import facts
from benchmarks.picture import draw
from benchmarks.report import document, line
from benchmarks.results import SCENARIOS, Results, Run
from benchmarks.scenarios import Bench
from benchmarks.servers import running_servers
from benchmarks.tools import TOOLS, Tool

ROOT = Path(__file__).parents[1]
KEPT = FOLDER / "results.json"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
# What is measured by other commands, written down by hand.
BESIDE = ROOT / "benchmarks" / "beside.md"
PICTURE = ROOT / "docs" / "benchmarks.png"
SIZES = (100_000, 1_000_000)


def main() -> int:
    options = _options()
    if not Path("/proc/self/stat").exists():
        print("make bench reads CPU and memory from /proc: it needs Linux")
        return 1
    if not options.report:
        kept = _measure(options)
        if _is_partial(options):
            return 0
        results.save(results.load(KEPT).merged(kept), KEPT)
    everything = results.load(KEPT)
    DOCUMENT.write_text(document(everything) + BESIDE.read_text())
    if reason := draw(everything, PICTURE):
        print(f"no picture: {reason}")
    print(f"written: {DOCUMENT.relative_to(ROOT)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, action="append", help="size of the table, again for more")
    add("--tool", action="append", choices=[tool.name for tool in TOOLS])
    add("--scenario", action="append", choices=list(SCENARIOS))
    add("--repeats", type=int, default=3, help="runs of each fast tool, 3 by default")
    add("--report", action="store_true", help="only write the document again")
    return parser.parse_args()


def _is_partial(options: argparse.Namespace) -> bool:
    return bool(options.tool or options.scenario)


def _measure(options: argparse.Namespace) -> Results:
    chosen = [tool for tool in TOOLS if not options.tool or tool.name in options.tool]
    wanted = options.scenario or list(SCENARIOS)
    tools, missing = _installed(chosen)
    runs: list[Run] = []

    def keep(run: Run) -> None:
        runs.append(run)
        if run.scenario in wanted:
            print(line(run), flush=True)

    shutil.rmtree(FOLDER / "state", ignore_errors=True)
    with running_servers(FOLDER / "servers") as servers:
        told = facts(servers)
        for rows in options.rows or SIZES:
            bench = Bench(servers, tools, rows, options.repeats, keep)
            bench.measure(wanted)
        if any(name.startswith("small") for name in wanted):
            able = [tool for tool in tools if tool.many_tables]
            names = tuple(table.small_names())
            rows = table.SMALL_TABLES * table.SMALL_ROWS
            small = Bench(servers, able, rows, options.repeats, keep, tables=names)
            small.measure_small()
    shutil.rmtree(FOLDER / "state", ignore_errors=True)
    return Results(told, [run for run in runs if run.scenario in wanted], missing)


def _installed(tools: Sequence[Tool]) -> tuple[list[Tool], dict[str, str]]:
    """Return the tools that can run, and why the others cannot."""
    missing = {}
    for tool in tools:
        if tool.requirements:
            print(f"environment: {tool.title}", flush=True)
            reason = environments.prepare(tool.installed_in, tool.requirements)
            if reason:
                missing[tool.name] = f"cannot be installed: {reason}"
    return [tool for tool in tools if tool.name not in missing], missing


if __name__ == "__main__":
    sys.exit(main())
