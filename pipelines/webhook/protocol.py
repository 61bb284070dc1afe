"""HTTP on one connection, with what uvicorn has not: a deadline for the headers.

Also a limit of connections that costs the slowest its place, and an end that lets a
refused client read its answer. What is answered belongs to `app.py`.
"""

import asyncio
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from pipelines.webhook.limits import Limits

PIECE_BYTES = 4096


class Door:
    """Connections that nobody works for, the oldest first.

    Their headers have not come, or they were refused and still talk.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.cut = 0
        self._waiting: dict[HookProtocol, None] = {}

    def wait(self, protocol: "HookProtocol", connections: int) -> None:
        """Note one that may go; where there are too many, the oldest of them goes."""
        self._waiting.pop(protocol, None)
        self._waiting[protocol] = None
        if connections > self.limits.connections:
            next(iter(self._waiting)).cut_off()

    def leave(self, protocol: "HookProtocol") -> None:
        self._waiting.pop(protocol, None)


class HookProtocol(H11Protocol):
    """A connection that does not wait for ever, nor reset who is refused."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        door: Door,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # Its log would hold the path, and that the secret, whatever the settings are.
        self.access_log = False
        self._door = door
        self._timer: asyncio.TimerHandle | None = None
        # Bytes that came, but were not parsed yet.
        self._unparsed = bytearray()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Every close from here on is that of the patient transport.
        patient: Any = PatientTransport(self, transport, self._door.limits)
        self.transport = patient
        self._patient = patient
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        self._patient.forget()
        self._unparsed.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._patient.is_lingering:
            self._patient.discard(len(data))
            return
        is_parsing = bool(self._unparsed)
        self._unparsed += data
        if is_parsing:
            self.transport.pause_reading()
        else:
            self._parse()

    def _parse(self) -> None:
        """Parse a little, then let others have their turn.

        A megabyte in chunks of one byte takes seconds; a stranger is refused after the
        first piece.
        """
        if self.transport.is_closing() or not self._unparsed:
            # To the parser, no bytes would be the end of the line.
            self._unparsed.clear()
            return
        piece = bytes(self._unparsed[:PIECE_BYTES])
        del self._unparsed[:PIECE_BYTES]
        super().data_received(piece)
        self._watch_headers()
        if self._unparsed:
            self.transport.pause_reading()
            self.loop.call_soon(self._parse)
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def _watch_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._headers_came()
        elif self._timer is None and not self.transport.is_closing():
            self._await_headers()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.has_unread:
            # It was answered before its end: nobody would watch what still comes.
            self.transport.close()
        elif self.conn.their_state is h11.IDLE:
            self.stand_aside()

    def stand_aside(self) -> None:
        """Be the next to go when there are too many connections."""
        self._door.wait(self, len(self.connections))

    def cut_off(self) -> None:
        """End a connection whose headers do not come."""
        self._door.cut += 1
        self._headers_came()
        self._patient.abort()

    @property
    def has_unread(self) -> bool:
        """Tell whether the client may still be sending."""
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _await_headers(self) -> None:
        seconds = self._door.limits.header_seconds
        self._timer = self.loop.call_later(seconds, self.cut_off)
        self.stand_aside()

    def _headers_came(self) -> None:
        self._door.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class PatientTransport:
    """A transport that reads on for a moment before it closes.

    Closed with bytes unread, the kernel resets the line, and the client never sees why
    it was refused.
    """

    def __init__(
        self, protocol: HookProtocol, transport: asyncio.Transport, limits: Limits
    ) -> None:
        self._protocol = protocol
        self._transport = transport
        self._limits = limits
        self._discarded = 0
        self._timer: asyncio.TimerHandle | None = None
        self.is_lingering = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close; where the client is still sending, after it ends or a moment."""
        if self.is_lingering or not self._protocol.has_unread:
            self._transport.close()
            return
        self.is_lingering = True
        self._protocol.stand_aside()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self._timer = self._protocol.loop.call_later(
            self._limits.linger_seconds, self._transport.close
        )

    def discard(self, size: int) -> None:
        """Drop what still comes, but not for ever."""
        self._discarded += size
        if self._discarded > self._limits.linger_bytes:
            self._transport.close()

    def forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
