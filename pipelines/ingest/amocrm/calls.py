"""The ledger of requests to AmoCRM: who asked what, when, and how it went.

It is written aside: when it cannot be, the loads go on without it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

import psycopg

from pipelines.clock import read_clock
from pipelines.connections import primary_message
from pipelines.errors import PipelineError
from pipelines.extract.amocrm.requests import Call
from pipelines.warehouse import connect

KEPT = timedelta(days=30)
BATCH = 200
# A batch waits no longer than this for more calls.
LATEST = timedelta(seconds=30)
FAILURES = 3

logger = logging.getLogger(__name__)


class CallLog:
    """Takes each call of a run and writes them in batches."""

    def __init__(
        self,
        warehouse_url: str,
        run_id: str,
        *,
        clock: Callable[[], datetime] = lambda: read_clock(None),
    ) -> None:
        self._url = warehouse_url
        self._run_id = run_id
        self._clock = clock
        self._calls: list[tuple[datetime, Call]] = []
        self._connection: psycopg.Connection[Any] | None = None
        self._failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, call: Call) -> None:
        """Keep a call; write when there are many, or old ones."""
        if self._failures >= FAILURES:
            return
        now = self._clock()
        self._calls.append((now, call))
        if len(self._calls) >= BATCH or now - self._calls[0][0] >= LATEST:
            self.flush()

    def flush(self) -> None:
        """Write what waits; what cannot be written is said once and dropped."""
        calls, self._calls = self._calls, []
        if not calls:
            return
        try:
            self._write(calls)
        except psycopg.Error as error:
            self._give_up(len(calls), primary_message(error))
        except PipelineError as error:
            self._give_up(len(calls), str(error))

    def close(self) -> None:
        """Write the rest, and forget what is older than a month."""
        self.flush()
        if self._connection:
            try:
                with self._connection.transaction():
                    self._connection.execute(_FORGET, [self._clock() - KEPT])
            except psycopg.Error as error:
                logger.warning("amocrm: old calls stay: %s", primary_message(error))
        self._disconnect()

    def _write(self, calls: list[tuple[datetime, Call]]) -> None:
        if self._connection is None:
            self._connection = connect(self._url)
        rows = [
            (
                called_at,
                self._run_id,
                call.table,
                call.path,
                call.status,
                call.milliseconds,
                call.waited_ms,
                call.retry_after,
            )
            for called_at, call in calls
        ]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)

    def _give_up(self, count: int, reason: str) -> None:
        self._failures += 1
        self._disconnect()
        logger.warning("amocrm: %d requests are not in the ledger: %s", count, reason)

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


_INSERT = """
insert into raw.amocrm__api_calls (
    called_at, run_id, table_name, path, status, milliseconds, waited_ms, retry_after
) values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_FORGET = "delete from raw.amocrm__api_calls where called_at < %s"
