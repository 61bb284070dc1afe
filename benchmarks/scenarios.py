"""The scenarios: what happens to the source, who loads when, and what is checked.

Tools take turns (A B C A B C), so that a slow minute of the machine hits all of them.
Only the tool's command is timed; preparing and checking are not.
"""

import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from benchmarks import measure, table
from benchmarks.environments import FOLDER, reason_in
from benchmarks.results import (
    DELETES_MISSED,
    DIFFERS,
    OK,
    SILENT_MISSED,
    TYPES_LOST,
    Run,
)
from benchmarks.servers import Servers
from benchmarks.tools import Job, Tool

ROOT = Path(__file__).parents[1]
MANY_ROWS = 1_000_000
TIMEOUT_SECONDS = 1800
SILENCE = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "SLING_DISABLE_TELEMETRY": "TRUE",
    "INGESTR_DISABLE_TELEMETRY": "true",
    "DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}
Contents = list[tuple[object, ...]]


@dataclass
class Bench:
    """One size of the source, and where each tool stands with it."""

    servers: Servers
    tools: Sequence[Tool]
    rows: int
    repeats: int
    on_run: Callable[[Run], None]
    tables: tuple[str, ...] = (table.NAME,)
    jobs: dict[str, Job] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    changes: int = 0

    def measure(self, wanted: Collection[str]) -> None:
        """Load the table first, then after each kind of change; show those wanted."""
        self._fill_source()
        self._rounds("full", first=True, repeats=None if "full" in wanted else 1)
        if "unchanged" in wanted:
            self._rounds("unchanged")
        if "changed" in wanted:
            self._rounds("changed", change=table.changed)
        if "silent" in wanted:
            self._rounds("silent", change=table.silent, repeats=1)
        if "deleted" in wanted:
            self._rounds("deleted", change=table.deleted)

    def measure_small(self) -> None:
        """Load many small tables, then load them again unchanged."""
        self._fill_source()
        self._rounds("small", first=True)
        self._rounds("small-unchanged")

    def _fill_source(self) -> None:
        source = self.servers.source_url
        for name in self.tables:
            rows = self.rows // len(self.tables)
            drop = f"drop table if exists {name}"
            self.servers.execute(source, drop, *table.creation(name, rows))

    def _rounds(
        self,
        scenario: str,
        *,
        first: bool = False,
        change: Callable[[int], str] | None = None,
        repeats: int | None = None,
    ) -> None:
        for number in range(repeats or self.repeats):
            since = self._newest()
            before = self.servers.next_transaction()
            if change:
                self.changes += 1
                self.servers.execute(self.servers.source_url, change(self.changes))
            age = self.servers.next_transaction() - before
            source = self._contents(self.servers.source_url, "{}", "true")
            turn = number % len(self.tools)
            for tool in (*self.tools[turn:], *self.tools[:turn]):
                if self._is_due(tool, first=first, number=number):
                    if first:
                        self._start_anew(tool)
                    job = replace(self.jobs[tool.name], age=age, since=since)
                    self._load(tool, job, scenario, source)

    def _is_due(self, tool: Tool, *, first: bool, number: int) -> bool:
        """Tell whether a tool takes part: not after a failure, the slow ones once."""
        are_many = self.rows >= MANY_ROWS
        if tool.reads_all and are_many:
            return False
        is_slow = tool.only_later or (tool.is_slow and are_many)
        once = tool.reads_all or (first and is_slow)
        if number and once:
            return False
        return (first and not number) or tool.name in self.jobs

    def _start_anew(self, tool: Tool) -> None:
        url = self.servers.fresh_target(tool.name)
        state = FOLDER / "state" / f"{tool.name}_{os.urandom(6).hex()}"
        state.mkdir(parents=True)
        self.jobs[tool.name] = Job(
            self.servers.source_url, url, state, tables=self.tables
        )

    def _load(self, tool: Tool, job: Job, scenario: str, source: Contents) -> None:
        first = scenario in ("full", "small")
        command = (tool.full if first else tool.incremental)(job)
        self.servers.checkpoint()
        masters = self.servers.postmasters()
        wal, cpu = self.servers.wal_bytes(), measure.server_cpu(masters)
        used = measure.run(
            command,
            environment={**os.environ, **SILENCE, "HOME": str(job.state)},
            folder=ROOT if tool.name == "ours" else job.state,
            timeout=TIMEOUT_SECONDS,
        )
        run = Run(
            tool=tool.name,
            scenario=scenario,
            rows=self.rows,
            seconds=used.seconds,
            cpu_seconds=used.cpu_seconds,
            server_seconds=measure.server_cpu(masters) - cpu,
            wal_mb=(self.servers.wal_bytes() - wal) / 1024**2,
            peak_mb=used.peak_mb,
            check=DIFFERS,
            inner_seconds=_inner_seconds(used.output),
        )
        if used.status:
            reason = reason_in(used.output)
            run = replace(run, error=f"ended with {used.status}: {reason}")
            del self.jobs[tool.name]
        else:
            run = replace(run, check=self._check(tool, job, scenario, source))
            if first:
                self.servers.settle(job.target_url)
        if not (first and tool.only_later):
            self.on_run(run)

    def _check(self, tool: Tool, job: Job, scenario: str, source: Contents) -> str:
        """Compare the rows on both sides and say what is missing."""
        try:
            target = self._contents(job.target_url, tool.relation, tool.where)
        except psycopg.Error:
            return DIFFERS
        if target == source:
            return OK if self._keeps_types(tool, job) else TYPES_LOST
        if scenario == "silent":
            self.behind.add(tool.name)
            return SILENT_MISSED
        same_keys = [part[:2] for part in target] == [part[:2] for part in source]
        if scenario == "deleted":
            if not same_keys:
                return DELETES_MISSED
            # What it missed before is told in its own row.
            return OK if tool.name in self.behind else DIFFERS
        return DIFFERS

    def _contents(self, url: str, relation: str, where: str) -> Contents:
        """Return number of rows, hash of keys and hash of rows, table by table."""
        return [
            self.servers.execute(url, table.contents(relation.format(name), where))[0]
            for name in self.tables
        ]

    def _keeps_types(self, tool: Tool, job: Job) -> bool:
        query = table.types(tool.relation.format(self.tables[0]))
        found = dict(self.servers.execute(job.target_url, query))
        return {**found, **table.COLUMNS} == found

    def _newest(self) -> str:
        query = table.newest(self.tables[0])
        return str(self.servers.execute(self.servers.source_url, query)[0][0])


def _inner_seconds(output: str) -> float | None:
    """Return the seconds that a process says its work took, without its imports."""
    for line in reversed(output.splitlines()):
        if line.startswith('{"seconds"'):
            return float(json.loads(line)["seconds"])
    return None
