"""A TCP proxy in front of a PostgreSQL server that breaks connections on purpose.

It cuts, freezes or mutes them after a number of bytes or at a statement. Which faults
make sense, and what has to be true after them, belongs to the tests.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.faults.loop_server import LoopServer
from tests.faults.plans import (
    TO_CLIENT,
    TO_SERVER,
    AtStatement,
    Effect,
    Fault,
    Plan,
    Way,
)
from tests.faults.wire import Backend, Frontend, Unit

READ_BYTES = 64 * 1024


class Proxy(LoopServer):
    """Stands before the server of a URL, on a port of its own, while it is open.

    Each planned fault strikes once. What was struck stays so until `heal`.
    """

    def __init__(self, target: str) -> None:
        super().__init__()
        parts = urlsplit(target)
        self.target = target
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._links: set[_Link] = set()
        self.planned = Plan()
        self._fired = threading.Event()
        self._refuses = False
        self._refuses_after_fault = False

    def url(self, url: str | None = None) -> str:
        """Return a URL of the same server (its own by default) through this proxy."""
        parts = urlsplit(url or self.target)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        query = dict(parse_qsl(parts.query)) | {
            "sslmode": "disable",
            "gssencmode": "disable",
        }
        netloc = f"{user}127.0.0.1:{self.port}"
        return parts._replace(netloc=netloc, query=urlencode(query)).geturl()

    def plan(self, *faults: Fault, then_refuse: bool = False) -> None:
        """Wait for these faults instead of others; everything is counted from now.

        Once a fault has struck, new connections are accepted or refused.
        """
        self._call(self._plan(faults, then_refuse))

    def strike(self, effect: Effect) -> None:
        """Do it to all open connections now."""
        self._call(self._strike_all(effect))

    def refuse(self) -> None:
        """Reset each new connection; those that are open go on."""
        self._refuses = True

    def heal(self) -> None:
        """Forget all faults, end the connections that were struck, accept new ones."""
        self._call(self._heal())

    @property
    def statements(self) -> list[str]:
        """Return the texts of all statements since the plan."""
        return list(self.planned.statements)

    @property
    def passed(self) -> dict[Way, int]:
        """Return how many bytes have passed in each direction since the plan."""
        return dict(self.planned.passed)

    @property
    def has_fired(self) -> bool:
        """Tell whether a fault struck since the last plan."""
        return self._fired.is_set()

    def wait_fired(self, seconds: float) -> bool:
        """Wait for a planned fault to strike and tell whether it did."""
        return self._fired.wait(seconds)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._refuses:
            _reset(writer)
            return
        try:
            server = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        link = _Link(self, (reader, writer), server)
        self._links.add(link)
        with contextlib.suppress(asyncio.CancelledError):
            await link.run()
        self._links.discard(link)

    async def _strike_all(self, effect: Effect) -> None:
        for link in list(self._links):
            link.strike(effect)

    async def _plan(self, faults: tuple[Fault, ...], then_refuse: bool) -> None:
        self.planned = Plan(*faults)
        self._fired.clear()
        self._refuses_after_fault = then_refuse

    async def _heal(self) -> None:
        self.planned = Plan()
        self._refuses = self._refuses_after_fault = False
        for link in list(self._links):
            if link.is_struck:
                link.strike("reset")

    async def _close(self) -> None:
        self._server.close()
        await self._strike_all("reset")
        await super()._close()

    def fire(self, fault: Fault, link: "_Link") -> None:
        """Let a fault strike; only links call it, in the loop's thread."""
        if self._refuses_after_fault:
            self._refuses = True
        for other in list(self._links) if fault.everywhere else [link]:
            other.strike(fault.effect)
        self._fired.set()


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection of a client, carried on to the server."""

    def __init__(self, proxy: Proxy, client: Stream, server: Stream) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._frozen: set[str] = set()
        self._is_mute = False
        self._held: AtStatement | None = None
        self._is_closed = asyncio.Event()
        self.is_struck = False

    async def run(self) -> None:
        """Carry bytes until a side ends, or for ever when frozen."""
        pumps = [asyncio.create_task(pump()) for pump in (self._up, self._down)]
        closed = asyncio.create_task(self._is_closed.wait())
        await asyncio.wait([*pumps, closed], return_when=asyncio.FIRST_COMPLETED)
        for task in (*pumps, closed):
            task.cancel()
        self._to_client.close()
        self._to_server.close()

    def strike(self, effect: Effect) -> None:
        """Break this connection in one way or the other."""
        self.is_struck = self.is_struck or effect != "none"
        if effect == "reset":
            _reset(self._to_client)
            _reset(self._to_server)
        if effect in ("fin", "reset"):
            self._is_closed.set()
        if effect.startswith("freeze"):
            way = effect.removeprefix("freeze_")
            self._frozen |= {TO_SERVER, TO_CLIENT} if effect == "freeze" else {way}
        self._is_mute = self._is_mute or effect == "mute"

    async def _up(self) -> None:
        frontend = Frontend()
        while data := await self._read(self._from_client, TO_SERVER):
            for unit in frontend.feed(data):
                await self._pass_on(unit)

    async def _pass_on(self, unit: Unit) -> None:
        if unit.asks_for_encryption:
            self._to_client.write(b"N")
            return
        fault = None
        if unit.statement is not None:
            fault = self._proxy.planned.take_statement(unit.statement)
        if fault and fault.when == "before":
            await self._fire(fault)
        elif fault:
            self._held = fault
        await self._send(self._to_server, TO_SERVER, unit.data)

    async def _down(self) -> None:
        backend = Backend()
        held = b""
        while data := await self._read(self._from_server, TO_CLIENT):
            is_done = backend.feed(data)
            if self._held:
                held += data
                if not is_done:
                    continue
                fault, self._held = self._held, None
                await self._fire(fault)
                data, held = held, b""
            if not self._is_mute:
                await self._send(self._to_client, TO_CLIENT, data)

    async def _fire(self, fault: AtStatement) -> None:
        # A client that is killed ends the connection: the fault has struck even so.
        self._firing = asyncio.create_task(self._carry_out(fault))
        await asyncio.shield(self._firing)

    async def _carry_out(self, fault: AtStatement) -> None:
        if fault.do:
            await asyncio.to_thread(fault.do)
        self._proxy.fire(fault, self)

    async def _read(self, stream: asyncio.StreamReader, way: Way) -> bytes:
        try:
            data = await stream.read(READ_BYTES)
        except ConnectionError:
            data = b""
        # A frozen network does not even tell that the other side is gone.
        is_lost = self._is_mute and way == TO_CLIENT and not data
        if way in self._frozen or is_lost:
            await self._is_closed.wait()
        return data

    async def _send(self, stream: asyncio.StreamWriter, way: Way, data: bytes) -> None:
        while data and way not in self._frozen and not self._is_closed.is_set():
            size, fault = self._proxy.planned.take_bytes(way, len(data))
            stream.write(data[:size])
            data = data[size:]
            with contextlib.suppress(ConnectionError):
                await stream.drain()
            if fault:
                self._proxy.fire(fault, self)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a socket so that the other side gets a reset, not an end."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection and connection.fileno() >= 0:
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
