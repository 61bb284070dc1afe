"""The goals of the engine, each beside what was measured.

Ratios are to the psql pipe of the same run. The tables belong to `report.py`.
"""

from dataclasses import dataclass

from benchmarks.results import (
    SCENARIOS,
    TYPES_LOST,
    Results,
    inner_ratio,
    median,
    ratio,
)

GOAL_ROWS = 1_000_000
AHEAD = 2.3
SMALL_SECONDS = 3.0
PEAK_MB = 80.0
# At most so many times a limit, by scenario; the deletes are found in all of them. A
# pipe that must not look for deletes is the strictest limit.
LIMITS = {"pipe": "the pipe", "pipe_digests": "the pipe with key digests"}
RATIOS = (
    ("full", "pipe", 1.1),
    ("unchanged", "pipe_digests", 2.5),
    ("unchanged", "pipe", 2.5),
    ("changed", "pipe_digests", 2.0),
    ("changed", "pipe", 2.0),
)
REFERENCES = ("ours", *LIMITS)


@dataclass(frozen=True)
class Goal:
    """A goal and what was measured, both ready to be printed."""

    measure: str
    goal: str
    whole: str
    after_imports: str
    verdict: str


def goals(results: Results) -> list[Goal]:
    """Return every goal of which something was measured."""
    found = [_ratio_goal(results, *wanted) for wanted in RATIOS]
    small = [_small_goal(results, name) for name in ("small", "small-unchanged")]
    ahead = [_ahead_goal(results, title) for title in ("", " that keeps types")]
    all_goals = [*found, *ahead, *small, _memory_goal(results)]
    return [goal for goal in all_goals if goal]


def goal_rows(results: Results, scenario: str) -> int:
    """Return the size that a goal is judged by: a million, else the largest."""
    sizes = results.sizes(scenario)
    return GOAL_ROWS if GOAL_ROWS in sizes else max(sizes, default=0)


def _ratio_goal(
    results: Results, scenario: str, limit: str, most: float
) -> Goal | None:
    rows = goal_rows(results, scenario)
    whole = ratio(results, "ours", scenario, rows, limit=limit)
    inner = inner_ratio(results, "ours", scenario, rows, limit=limit)
    if whole is None or inner is None:
        return None
    verdict = "met" if whole <= most else "missed"
    if verdict == "missed" and inner <= most:
        verdict = "met after imports"
    return Goal(
        f"{SCENARIOS[scenario]}, {rows:,} rows",
        f"≤ {most} × {LIMITS[limit]}",
        f"{whole:.2f} ×",
        f"{inner:.2f} ×",
        verdict,
    )


def _ahead_goal(results: Results, who: str) -> Goal | None:
    rows = goal_rows(results, "full")
    ours = ratio(results, "ours", "full", rows)
    inner = inner_ratio(results, "ours", "full", rows)
    tools = {
        run.tool
        for run in results.runs
        if run.tool not in REFERENCES and not (who and run.check == TYPES_LOST)
    }
    others = [ratio(results, tool, "full", rows) for tool in tools]
    best = min((value for value in others if value is not None), default=None)
    if best is None or ours is None or inner is None:
        return None
    return Goal(
        f"First load, {rows:,} rows: ahead of every other tool{who}",
        f"≥ {AHEAD} ×",
        f"{best / ours:.2f} ×",
        f"{best / inner:.2f} ×",
        "met" if best / ours >= AHEAD else "missed",
    )


def _small_goal(results: Results, scenario: str) -> Goal | None:
    runs = results.of("ours", scenario, max(results.sizes(scenario), default=0))
    whole = median(runs, lambda run: run.seconds)
    inner = median(runs, lambda run: run.inner_seconds)
    if whole is None or inner is None:
        return None
    return Goal(
        SCENARIOS[scenario],
        f"≤ {SMALL_SECONDS:.0f} s after imports",
        f"{whole:.2f} s",
        f"{inner:.2f} s",
        "met" if inner <= SMALL_SECONDS else "missed",
    )


def _memory_goal(results: Results) -> Goal | None:
    peaks = [run.peak_mb for run in results.runs if run.tool == "ours"]
    if not peaks:
        return None
    verdict = "met" if max(peaks) <= PEAK_MB else "missed"
    measure = "Memory of the copying process, at any size"
    return Goal(measure, f"≤ {PEAK_MB:.0f} MB", f"{max(peaks):.0f} MB", "", verdict)
