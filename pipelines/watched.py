"""A PostgreSQL connection that is watched in all it does.

How a dead line is told from a slow server belongs to `liveness.py`.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg.abc import PQGen

from pipelines.liveness import PATIENCE, Patience, Watch

T = TypeVar("T")
# How often psycopg itself looks for signals while it waits.
WAIT_INTERVAL: Final = 0.1


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that raises instead of waiting for ever on a dead line."""

    watch: Watch | None = None

    @classmethod
    def open(cls, conninfo: str, *, patience: Patience = PATIENCE) -> Self:
        """Connect and start to watch; `identify` has to follow soon."""
        # Poolers mix up the prepared statements of their clients.
        connection = cls.connect(conninfo, prepare_threshold=None)
        connection.watch = Watch(connection, patience=patience)
        connection.watch.__enter__()
        return connection

    def identify(self) -> None:
        """Learn which backend serves the connection, in its transaction or without."""
        if self.watch is not None:
            self.watch.identify()

    def wait(
        self,
        gen: PQGen[T],
        interval: float = WAIT_INTERVAL,
        timeout: float | None = None,
    ) -> T:
        """Wait as psycopg does, marked as waiting."""
        if self.watch is None:
            return super().wait(gen, interval, timeout)
        with self.watch.waiting():
            return super().wait(gen, interval, timeout)

    def waiting(self) -> AbstractContextManager[None]:
        """Mark by `with` a wait that does not go through psycopg."""
        return self.watch.waiting() if self.watch else nullcontext()

    @property
    def verdict(self) -> str | None:
        """Return why the line was given up; None while it lives."""
        return self.watch.verdict if self.watch else None

    def close(self) -> None:
        """Stop watching and close."""
        if self.watch is not None:
            self.watch.__exit__()
        super().close()
