"""Asset checks of raw tables: their names and places, and how a verdict is shown.

What is asked belongs to `ingest/<system>/checks.py`; which checks a system has, to
`<system>_checks.py`; the step that asks, to `<system>.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import dagster as dg
import psycopg

from pipelines.connections import primary_message
from pipelines.defs.assets import raw_key
from pipelines.ingest.verdict import Verdict
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

Ask = Callable[[Connection, RunInfo], Verdict]


@dataclass(frozen=True)
class Check:
    """A check of one raw table, and the question behind it."""

    name: str
    system: str
    table: str
    ask: Ask
    description: str
    blocking: bool = False

    @property
    def key(self) -> dg.AssetKey:
        return raw_key(self.system, self.table)

    @property
    def spec(self) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(
            self.name,
            asset=self.key,
            description=self.description,
            blocking=self.blocking,
        )


def check_results(
    checks: Iterable[Check], warehouse: Connection, run: RunInfo
) -> Iterator[dg.AssetCheckResult]:
    """Ask every question of the warehouse as it is after the loads of a run."""
    for check in checks:
        verdict = _verdict(check, warehouse, run)
        is_red = bool(verdict.errors)
        yield dg.AssetCheckResult(
            check_name=check.name,
            asset_key=check.key,
            passed=verdict.passed,
            severity=(
                dg.AssetCheckSeverity.ERROR if is_red else dg.AssetCheckSeverity.WARN
            ),
            description=verdict.text or None,
            metadata={**verdict.facts, **_listed(verdict)},
        )


def _verdict(check: Check, warehouse: Connection, run: RunInfo) -> Verdict:
    """Ask one question; what cannot be asked is red, and keeps no other from it."""
    try:
        return check.ask(warehouse, run)
    except psycopg.DataError as error:
        reason = primary_message(error)
        said = f"the check could not read raw.{check.key.path[-1]}: {reason}"
        return Verdict((said,), (), {})


def _listed(verdict: Verdict) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the problems as a list: a description is one line in the UI."""
    lines = "\n".join(f"- {problem}" for problem in verdict.problems)
    return {"problems": dg.MetadataValue.md(lines)} if lines else {}
