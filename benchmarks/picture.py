"""The picture of the results: its panels as data, drawn in an environment of its own.

The drawing itself is `scripts/plot.py`, which knows nothing of benchmarks.
"""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.environments import FOLDER, prepare, program, reason_in
from benchmarks.results import OK, SCENARIOS, TYPES_LOST, Results, inner_ratio, ratio
from benchmarks.tools import TOOLS

SCRIPT = Path(__file__).with_name("scripts") / "plot.py"
SHOWN = ("full", "unchanged", "changed", "deleted")
MOST_ROWS = 1_000_000


@dataclass(frozen=True)
class Bar:
    """One tool: its time against the pipe's, and what else to know of it."""

    label: str
    ratio: float
    note: str
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    """One scenario at one size, fastest first."""

    title: str
    bars: list[Bar]


def panels(results: Results) -> list[Panel]:
    """Return what to draw: each scenario at its largest size up to a million."""
    found = []
    for scenario in SHOWN:
        sizes = results.sizes(scenario)
        rows = max([size for size in sizes if size <= MOST_ROWS] or sizes, default=0)
        if bars := _bars(results, scenario, rows):
            found.append(Panel(f"{SCENARIOS[scenario]}, {rows:,} rows", bars))
    return found


def draw(results: Results, path: Path) -> str | None:
    """Write the picture; return why that is impossible."""
    if reason := prepare("plot", ("matplotlib",)):
        return reason
    data = FOLDER / "picture.json"
    data.write_text(json.dumps([asdict(panel) for panel in panels(results)]))
    command = [program("plot", "python"), str(SCRIPT), str(data), str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False
    )
    return reason_in(done.stderr) if done.returncode else None


def _bars(results: Results, scenario: str, rows: int) -> list[Bar]:
    bars = []
    for tool in TOOLS:
        value = ratio(results, tool.name, scenario, rows)
        if value is not None:
            checks = {run.check for run in results.of(tool.name, scenario, rows)}
            note = ", ".join(sorted(checks - {OK, TYPES_LOST}))
            inner = inner_ratio(results, tool.name, scenario, rows)
            if inner is not None:
                note = ", ".join(filter(None, [f"{inner:.1f} × after imports", note]))
            bars.append(Bar(tool.title, value, note, tool.name == "ours"))
    return sorted(bars, key=lambda bar: bar.ratio)
