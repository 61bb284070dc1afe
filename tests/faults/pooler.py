"""A transaction pooler in front of a PostgreSQL server, as pgbouncer is one.

A client has a server's backend from the first message of a transaction to the end of
it. Startup options are ignored, nothing is reset between clients, and prepared
statements are nobody's: whoever relies on a session sees it break here. What has to
hold nevertheless belongs to the tests.
"""

import asyncio
import contextlib
import itertools
import struct
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.faults.loop_server import LoopServer
from tests.faults.wire import CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST

# Which of the idle backends a client gets: the one that was returned last, or first.
Order = Literal["last", "first"]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Message = tuple[bytes, bytes]
# Query, Sync and FunctionCall are answered by one ReadyForQuery each.
ASKS = b"QSF"
PROTOCOL = 196608


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Read a message; the second part is its body."""
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(int.from_bytes(head[1:], "big") - 4)


def pack(kind: bytes, body: bytes = b"") -> bytes:
    """Put a message together."""
    return kind + struct.pack("!i", len(body) + 4) + body


@dataclass(eq=False)
class Backend:
    """A connection to the server that clients take turns with."""

    stream: Stream
    key: bytes

    @property
    def pid(self) -> int:
        return int.from_bytes(self.key[:4], "big")

    def close(self) -> None:
        self.stream[1].close()


@dataclass(eq=False)
class Pool:
    """The backends of one user in one database."""

    size: int
    order: Order
    startup: bytes
    address: tuple[str, int]
    idle: list[Backend] = field(default_factory=list)
    opened: int = 0
    parameters: bytes = b""
    freed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self) -> Backend:
        """Return an idle backend, or open one, or wait for one."""
        async with self.freed:
            await self.freed.wait_for(lambda: self.idle or self.opened < self.size)
            if self.idle:
                return self.idle.pop(-1 if self.order == "last" else 0)
            self.opened += 1
        return await self._open()

    async def give(self, backend: Backend, *, is_clean: bool) -> None:
        """Take a backend back; one that is inside a transaction is closed."""
        async with self.freed:
            if is_clean:
                self.idle.append(backend)
            else:
                self.opened -= 1
                backend.close()
            self.freed.notify()

    async def _open(self) -> Backend:
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(self.startup)
        key, parameters = b"", b""
        while True:
            kind, body = await read_message(reader)
            if kind == b"K":
                key = body
            elif kind == b"S":
                parameters += pack(kind, body)
            elif kind == b"E":
                raise ConnectionError(body.decode(errors="replace"))
            elif kind == b"Z":
                self.parameters = parameters
                return Backend((reader, writer), key)


class Pooler(LoopServer):
    """Stands before the server of a URL, on a port of its own, while it is open.

    `turns` tells which backend served which client, transaction by transaction;
    `prepared` the names of all statements that clients prepared.
    """

    def __init__(self, target: str, *, size: int = 3, order: Order = "last") -> None:
        super().__init__()
        parts = urlsplit(target)
        self._target = target
        self._address = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._size = size
        self._order: Order = order
        self._pools: dict[tuple[bytes, bytes], Pool] = {}
        self._numbers = itertools.count(1)
        self._linked: dict[bytes, Backend] = {}
        self.turns: list[tuple[int, int]] = []
        self.prepared: list[str] = []

    def url(self) -> str:
        """Return the URL of its server through this pooler."""
        parts = urlsplit(self._target)
        user = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{user}@127.0.0.1:{self.port}").geturl()

    async def _close(self) -> None:
        await super()._close()
        for pool in self._pools.values():
            for backend in pool.idle:
                backend.close()

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            pool = await self._greet(reader, writer)
            if pool:
                client = _Client(self, next(self._numbers), (reader, writer), pool)
                try:
                    await self._log_in(client)
                    await client.serve()
                finally:
                    await client.leave()
        writer.close()

    async def _greet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Pool | None:
        """Read the startup; None when it was only a request to cancel."""
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big")
            body = await reader.readexactly(size - 4)
            code = int.from_bytes(body[:4], "big")
            if code == CANCEL_REQUEST:
                await self._cancel(body[4:])
                return None
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            writer.write(b"N")
        items = body[4:].split(b"\0")
        given = dict(zip(items[::2], items[1::2], strict=False))
        user = given[b"user"]
        database = given.get(b"database", user)
        if (user, database) not in self._pools:
            names = b"user\0" + user + b"\0database\0" + database + b"\0\0"
            startup = struct.pack("!ii", len(names) + 8, PROTOCOL) + names
            self._pools[user, database] = Pool(
                self._size, self._order, startup, self._address
            )
        return self._pools[user, database]

    async def _log_in(self, client: "_Client") -> None:
        """Answer for the server: its parameters, and a key of our own."""
        if not client.pool.parameters:
            await client.pool.give(await client.pool.take(), is_clean=True)
        welcome = pack(b"R", bytes(4)) + client.pool.parameters
        client.stream[1].write(welcome + pack(b"K", client.key) + pack(b"Z", b"I"))

    async def _cancel(self, key: bytes) -> None:
        backend = self._linked.get(key)
        if backend:
            _, writer = await asyncio.open_connection(*self._address)
            request = struct.pack("!i", CANCEL_REQUEST) + backend.key
            writer.write(struct.pack("!i", len(request) + 4) + request)
            await writer.drain()
            writer.close()

    # What clients tell, always in the loop's thread.

    def link(self, client: "_Client", backend: Backend | None) -> None:
        """Remember who serves a client now."""
        self._linked.pop(client.key, None)
        if backend:
            self._linked[client.key] = backend
            self.turns.append((client.number, backend.pid))


class _Client:
    """One client, and the backend it has for a transaction."""

    def __init__(self, pooler: Pooler, number: int, stream: Stream, pool: Pool) -> None:
        self.number = number
        self.key = struct.pack("!ii", 1_000_000 + number, number)
        self.stream = stream
        self.pool = pool
        self._pooler = pooler
        self._backend: Backend | None = None
        self._answering: asyncio.Task[None] | None = None
        self._asked = 0

    async def serve(self) -> None:
        """Carry messages until the client leaves."""
        while True:
            kind, body = await read_message(self.stream[0])
            if kind == b"X":
                return
            if kind == b"P" and (name := body.partition(b"\0")[0]):
                self._pooler.prepared.append(name.decode())
            self._asked += kind in ASKS
            if not self._backend:
                self._backend = await self.pool.take()
                self._pooler.link(self, self._backend)
                self._answering = asyncio.create_task(self._answer(self._backend))
            writer = self._backend.stream[1]
            writer.write(pack(kind, body))
            await writer.drain()

    async def leave(self) -> None:
        """Give the backend up; a transaction that is open ends with it."""
        if self._answering:
            self._answering.cancel()
        if self._backend:
            self._pooler.link(self, None)
            await self.pool.give(self._backend, is_clean=False)

    async def _answer(self, backend: Backend) -> None:
        """Carry answers until the transaction is over, or the server is gone."""
        reader, writer = backend.stream[0], self.stream[1]
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                kind, body = await read_message(reader)
                self._asked -= kind == b"Z"
                if kind == b"Z" and body == b"I" and not self._asked:
                    break
                writer.write(pack(kind, body))
                await writer.drain()
            # Free before the client hears of it: it may ask again at once.
            self._backend = None
            self._pooler.link(self, None)
            await self.pool.give(backend, is_clean=True)
            writer.write(pack(kind, body))
            return
        writer.close()
