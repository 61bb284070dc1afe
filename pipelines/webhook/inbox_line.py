"""The receiver's line to the inbox: opened, looked at, written to, each in its time.

What waits for it, and what happens when it is gone, belongs to `writer.py`.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from pipelines.connections import connection_string, primary_message
from pipelines.warehouse import PREPARE_LOCK
from pipelines.warehouse_tables import WEBHOOK_INBOX
from pipelines.webhook.limits import Limits
from pipelines.webhook.settings import SecretName

T = TypeVar("T")
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
# Another connection may find a server that takes it, or a table that is there again.
PASSING = (errors.ReadOnlySqlTransaction, errors.UndefinedTable)
SILENT = "the warehouse does not answer in time"
READ_ONLY = "the warehouse is read-only, or has no inbox"
GRANT = (
    "grant it usage on schema raw and insert on raw.amocrm__webhook_inbox, once a run "
    "of the pipeline has made it"
)


@dataclass(frozen=True)
class Delivery:
    """A webhook as it came: the bytes, and the little around them that is kept."""

    body: bytes = field(repr=False)
    secret: SecretName
    request_id: str | None = None
    content_type: str | None = None
    user_agent: str | None = None
    remote_hint: str | None = None


class NoInbox(Exception):
    """The inbox cannot be written; `is_passing`: a new line may help."""

    def __init__(self, words: str, *, is_passing: bool) -> None:
        super().__init__(words)
        self.is_passing = is_passing


class InboxLine:
    """One connection that commits deliveries; all it raises is NoInbox."""

    def __init__(self, warehouse_url: str, limits: Limits) -> None:
        self._conninfo = connection_string(warehouse_url, writes=True)
        self._limits = limits
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    async def open(self) -> None:
        """Connect, and see that an inbox is there; make it where it is missing."""
        await self.close()
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                self._connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, prepare_threshold=None
                )
        except (psycopg.Error, OSError, TimeoutError) as error:
            raise NoInbox(_words(error), is_passing=True) from None
        await self._bounded(_prepare(self._connection))
        await self.look()

    async def look(self) -> None:
        """See that the server answers and would take a row."""
        assert self._connection is not None
        found = await self._bounded(_fetch(self._connection, _LOOK))
        is_writable, may_insert = found or (False, False)
        if not is_writable or not may_insert:
            await self.close()
            words = f"the role lacks a right: {GRANT}" if is_writable else READ_ONLY
            raise NoInbox(words, is_passing=True)

    async def insert(self, deliveries: Sequence[Delivery]) -> int:
        """Commit deliveries by one statement; return how many were new."""
        assert self._connection is not None
        values = {
            "request_ids": [one.request_id for one in deliveries],
            "digests": [hashlib.sha256(one.body).hexdigest() for one in deliveries],
            "content_types": [one.content_type for one in deliveries],
            "user_agents": [one.user_agent for one in deliveries],
            "remote_hints": [one.remote_hint for one in deliveries],
            "secrets": [one.secret for one in deliveries],
            "bodies": [one.body for one in deliveries],
        }
        cursor = await self._bounded(self._connection.execute(_INSERT, values))
        return cursor.rowcount

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _bounded(self, doing: Coroutine[Any, Any, T]) -> T:
        """Wait for the server as long as a delivery may wait, then cut the line."""
        task = asyncio.create_task(doing)
        done, _ = await asyncio.wait({task}, timeout=self._limits.write_seconds)
        if not done:
            # Cancelling would ask a dead server for its leave.
            self._cut()
            await asyncio.wait({task}, timeout=self._limits.retry_seconds)
            task.add_done_callback(_look_away)
            await self.close()
            raise NoInbox(SILENT, is_passing=True)
        try:
            return task.result()
        except (psycopg.Error, OSError) as error:
            is_broken = self._connection is None or self._connection.broken
            is_passing = is_broken or isinstance(error, PASSING)
            if is_passing:
                await self.close()
            raise NoInbox(_words(error), is_passing=is_passing) from None

    def _cut(self) -> None:
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(OSError, psycopg.Error):
                descriptor = os.dup(self._connection.pgconn.socket)
                with socket.socket(fileno=descriptor) as line:
                    line.shutdown(socket.SHUT_RDWR)


def _look_away(task: asyncio.Task[T]) -> None:
    """Take note of an end that nobody waits for."""
    if not task.cancelled():
        task.exception()


async def _fetch(connection: Connection, query: str) -> tuple[Any, ...] | None:
    cursor = await connection.execute(query.encode())
    return await cursor.fetchone()


async def _prepare(connection: Connection) -> None:
    """Make the inbox where it is missing; asking first needs no right."""
    if await _fetch(connection, _FIND):
        return
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s)", [PREPARE_LOCK])
        if not await _fetch(connection, _FIND_SCHEMA):
            await connection.execute("create schema raw")
        if not await _fetch(connection, _FIND):
            await connection.execute(WEBHOOK_INBOX.encode())


def _words(error: Exception) -> str:
    """Return an error in words that hold nothing of a delivery."""
    if isinstance(error, errors.InsufficientPrivilege):
        return f"{primary_message(error)}: {GRANT}"
    if isinstance(error, psycopg.Error):
        return primary_message(error)
    if isinstance(error, TimeoutError):
        return SILENT
    return f"the line to the warehouse broke ({type(error).__name__})"


_FIND_SCHEMA = "select true from pg_namespace where nspname = 'raw'"
_FIND = """
select true from pg_class
inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
where nspname = 'raw' and relname = 'amocrm__webhook_inbox'
"""
_LOOK = """
select
    current_setting('transaction_read_only') = 'off',
    has_schema_privilege(pg_namespace.oid, 'usage')
        and has_table_privilege(pg_class.oid, 'insert')
from pg_class
inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
where nspname = 'raw' and relname = 'amocrm__webhook_inbox'
"""
# A 200 stands for a commit that survives a crash, whatever the role's settings; only
# `off` is raised, and only for this statement's own transaction. Without a target the
# last line needs no right to read.
_INSERT = """
insert into raw.amocrm__webhook_inbox (
    request_id, sha256, content_type, user_agent, remote_hint, secret, size, body
)
select
    request_id, sha256, content_type, user_agent, remote_hint, secret, length(body),
    body
from unnest(
    cast(%(request_ids)s as text[]), cast(%(digests)s as text[]),
    cast(%(content_types)s as text[]), cast(%(user_agents)s as text[]),
    cast(%(remote_hints)s as text[]), cast(%(secrets)s as text[]),
    cast(%(bodies)b as bytea[])
) as told (
    request_id, sha256, content_type, user_agent, remote_hint, secret, body
)
cross join (
    select set_config(
        'synchronous_commit',
        case current_setting('synchronous_commit')
            when 'off' then 'on' else current_setting('synchronous_commit')
        end,
        true
    )
) as durable
on conflict do nothing
"""
