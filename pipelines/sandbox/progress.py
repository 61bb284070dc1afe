"""Progress of a Dagster job in the terminal: a bar that moves with each table.

It only watches the run's event log; everything the job prints goes to a log file.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

POLL_SECONDS = 1.0
WATCHED = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_FAILURE,
}


@contextlib.contextmanager
def quiet_terminal(log: Path) -> Iterator[Console]:
    """Send stdout and stderr of this process to a file; yield the real terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with (
        log.open("ab") as sink,
        os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal,
    ):
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield Console(file=terminal, highlight=False)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, target in zip(saved, (1, 2), strict=True):
                os.dup2(descriptor, target)
                os.close(descriptor)


@contextlib.contextmanager
def progress_of(
    console: Console,
    instance: dg.DagsterInstance,
    *,
    run_id: str,
    name: str,
    keys: Collection[dg.AssetKey],
) -> Iterator[None]:
    """Draw a bar for one run until the block ends: tables done, of all its tables."""
    columns = (
        TextColumn("{task.fields[name]:<8}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    # What the jobs say goes to the log: the bar must not catch it for the terminal.
    with Progress(
        *columns, console=console, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task("starting", total=len(keys), name=name)
        finished = threading.Event()

        def watch() -> None:
            while not finished.wait(POLL_SECONDS):
                refresh()

        def refresh() -> None:
            events = [
                entry.dagster_event
                for entry in instance.all_logs(run_id, of_type=WATCHED)
                if entry.dagster_event
            ]
            done = {e.asset_key for e in events if e.is_step_materialization}
            done &= set(keys)
            last = events[-1] if events else None
            text = _describe(last) if last else "starting"
            progress.update(task, completed=len(done), description=text)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            finished.set()
            watcher.join()
            refresh()


def _describe(event: dg.DagsterEvent) -> str:
    if event.asset_key:
        return "/".join(event.asset_key.path)
    return f"{event.step_key} failed" if event.is_step_failure else str(event.step_key)
