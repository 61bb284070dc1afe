"""What was measured, as data: runs, their medians, the file that keeps them.

How it is shown belongs to `report.py` and the plot.
"""

import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

SCENARIOS = {
    "full": "First load",
    "unchanged": "Nothing changed",
    "changed": "1 % of the rows changed",
    "silent": "1 % of the rows changed without their timestamp",
    "deleted": "1 % of the rows deleted",
    "small": "Many small tables, first load",
    "small-unchanged": "Many small tables, nothing changed",
}
OK = "ok"
TYPES_LOST = "ok, types lost"
DIFFERS = "differs"
DELETES_MISSED = "deletes missed"
SILENT_MISSED = "silent updates missed"


@dataclass(frozen=True)
class Run:
    """One load by one tool; `inner_seconds` is without start-up, where it is known."""

    tool: str
    scenario: str
    rows: int
    seconds: float
    cpu_seconds: float
    server_seconds: float
    wal_mb: float
    peak_mb: float
    check: str
    inner_seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Results:
    """All runs with the facts of the machine, and the tools that are missing."""

    facts: dict[str, str] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def sizes(self, scenario: str) -> list[int]:
        """Return the numbers of rows that a scenario was measured with."""
        return sorted({run.rows for run in self.runs if run.scenario == scenario})

    def of(self, tool: str, scenario: str, rows: int) -> list[Run]:
        """Return the runs of one tool, scenario and size that ended well."""
        wanted = (tool, scenario, rows)
        return [
            run
            for run in self.runs
            if (run.tool, run.scenario, run.rows) == wanted and run.error is None
        ]

    def merged(self, newer: "Results") -> "Results":
        """Return these results with those of a newer run in place of the same sizes."""
        measured = {(run.scenario, run.rows) for run in newer.runs}
        kept = [run for run in self.runs if (run.scenario, run.rows) not in measured]
        return Results(newer.facts, [*kept, *newer.runs], newer.missing)


def median(runs: Iterable[Run], value: Callable[[Run], float | None]) -> float | None:
    """Return the median of what is known of some runs."""
    known = [number for run in runs if (number := value(run)) is not None]
    return statistics.median(known) if known else None


def ratio(
    results: Results, tool: str, scenario: str, rows: int, *, limit: str = "pipe"
) -> float | None:
    """Return how many times longer than the limit a tool took, by medians."""
    taken = median(results.of(tool, scenario, rows), lambda run: run.seconds)
    return _ratio(results, taken, scenario, rows, limit)


def inner_ratio(
    results: Results, tool: str, scenario: str, rows: int, *, limit: str = "pipe"
) -> float | None:
    """Return the same for the time after start-up."""
    taken = median(results.of(tool, scenario, rows), lambda run: run.inner_seconds)
    return _ratio(results, taken, scenario, rows, limit)


def _ratio(
    results: Results, taken: float | None, scenario: str, rows: int, limit: str
) -> float | None:
    least = median(results.of(limit, scenario, rows), lambda run: run.seconds)
    return taken / least if taken is not None and least else None


def save(results: Results, path: Path) -> None:
    """Keep results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1))


def load(path: Path) -> Results:
    """Read kept results; without a file there are none."""
    if not path.exists():
        return Results()
    kept = json.loads(path.read_text())
    runs = [Run(**run) for run in kept["runs"]]
    return Results(kept["facts"], runs, kept["missing"])
