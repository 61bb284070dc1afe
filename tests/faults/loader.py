"""One load in a process of its own, which a test can kill at any moment.

A server forks the processes, so that each begins within milliseconds. What is loaded
and what must be true afterwards belongs to the tests.
"""

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from pipelines.catalog import Catalog, Table
from pipelines.errors import PipelineError
from pipelines.ingest.databases import extract_database
from pipelines.load.log import RunInfo

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Job:
    """What a loader is told; `options` go to the engine as they are."""

    source_url: str
    warehouse_url: str
    tables: tuple[Table, ...]
    run_id: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """How a load ended: the outcome by table, and what was said."""

    outcomes: dict[str, str]
    modes: dict[str, str | None]
    errors: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether every table was loaded."""
        return not self.errors and set(self.outcomes.values()) == {"loaded"}


def load(job: Job) -> Report:
    """Load in this process."""
    try:
        loads = extract_database(
            "landing",
            job.source_url,
            warehouse_url=job.warehouse_url,
            catalog=Catalog(job.tables),
            run=RunInfo(job.run_id, NOW),
            **job.options,
        )
    except PipelineError as error:
        return Report({}, {}, (str(error),))
    return Report(
        {load.table.table: load.outcome for load in loads},
        {load.table.table: load.mode for load in loads},
        tuple(str(load.error) for load in loads if load.error),
    )


class Loader:
    """A load that is running in a process of its own."""

    def __init__(self, job: Job) -> None:
        self._answer, answer = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(target=_run, args=(job, answer), daemon=True)
        self._process.start()
        answer.close()

    def kill(self) -> None:
        """Kill it as the kernel does when memory is short."""
        self._signal(signal.SIGKILL)

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end and tell whether it came."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def report(self, seconds: float = 60) -> Report | None:
        """Wait for its end; None when it was killed before it could say anything.

        One that hangs is ended and says on its stderr where.
        """
        with contextlib.closing(self._answer):
            if not self._answer.poll(seconds):
                self._signal(signal.SIGABRT)
                raise AssertionError(f"the loader hangs for {seconds} s")
            try:
                answer: Report | str = self._answer.recv()
            except EOFError:
                return None
            finally:
                self._process.join(10)
            assert isinstance(answer, Report), answer
            return answer

    def _signal(self, number: signal.Signals) -> None:
        if self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


def _run(job: Job, answer: Connection) -> None:
    faulthandler.enable()
    try:
        answer.send(load(job))
    except Exception:
        # What is not an error of ours is a failure of the test.
        answer.send(traceback.format_exc())
