"""Loading tables side by side, each worker by connections of its own.

All workers see one moment of the source. The largest table goes first, so that none is
left alone with it at the end. What a worker does belongs to `table_loader.py`.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue

import psycopg

from pipelines.catalog import Table
from pipelines.errors import SourceError
from pipelines.ingest.table_loader import Progress, TableLoad, TableLoader
from pipelines.load.merge import Connection

# Opens the connections of one more worker, by the name of the shared snapshot.
Join = Callable[[str], AbstractContextManager[TableLoader]]


def load_together(
    tables: Collection[Table],
    first: TableLoader,
    join: Join,
    *,
    workers: int,
    on_progress: Progress | None,
) -> tuple[dict[str, TableLoad], dict[str, SourceError]]:
    """Load tables by several workers and return how each ended, by raw name.

    Progress is told in the caller's thread. A worker that cannot join, or whose line
    breaks, leaves its work to the others; what nobody could load comes back as errors.
    """
    helpers = min(workers, len(tables)) - 1
    shared = first.snapshot.share() if helpers > 0 else None
    joining: list[AbstractContextManager[TableLoader]] = [nullcontext(first)]
    if shared:
        joining += [join(shared) for _ in range(helpers)]
    crew = _Crew(tables, first)
    with ThreadPoolExecutor(len(joining)) as pool:
        futures = [pool.submit(crew.work, worker) for worker in joining]
        for future in futures:
            future.add_done_callback(crew.leave)
        try:
            crew.listen(len(futures), on_progress)
        except BaseException:
            crew.stop()
            raise
    for future in futures:
        future.result()
    return crew.loads, crew.errors()


class _Crew:
    """The tables that wait, those that are loaded, and what the workers say."""

    def __init__(self, tables: Collection[Table], first: TableLoader) -> None:
        self._waiting = deque(sorted(tables, key=first.size, reverse=True))
        self.loads: dict[str, TableLoad] = {}
        self._news: SimpleQueue[tuple[str, int] | None] = SimpleQueue()
        self._at_work: list[Connection] = []
        self._error: SourceError | None = None

    def work(self, joining: AbstractContextManager[TableLoader]) -> None:
        """Load one table after the other until none waits or the line breaks."""
        table = None
        if not self._waiting:
            return
        try:
            with joining as loader:
                self._at_work += [loader.warehouse, loader.snapshot.connection]
                while not loader.is_broken and (table := self._next()):
                    load = loader.load(table, self._tell)
                    self.loads[table.name] = load
                    self._error = load.error or self._error
                    table = None
                # Those who still wait for a connection of a small pool may have it.
                loader.snapshot.release()
        except SourceError as error:
            self._error = error
            if table:
                self._waiting.append(table)

    def leave(self, _: Future[None]) -> None:
        self._news.put(None)

    def listen(self, workers: int, on_progress: Progress | None) -> None:
        """Pass on what the workers say until the last one has left."""
        while workers:
            news = self._news.get()
            if news is None:
                workers -= 1
            elif on_progress:
                on_progress(*news)

    def stop(self) -> None:
        """Let the workers end soon: nothing waits, what runs is cancelled."""
        self._waiting.clear()
        for connection in self._at_work:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)

    def errors(self) -> dict[str, SourceError]:
        """Return why the tables still wait that nobody could load, by raw name."""
        if not self._waiting:
            return {}
        assert self._error is not None
        return {table.name: self._error for table in self._waiting}

    def _next(self) -> Table | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _tell(self, table: str, rows: int) -> None:
        self._news.put((table, rows))
