"""PostgreSQL's message framing, as far as a proxy has to understand it.

It tells statements from other messages and sees when the server is done with one. What
is done about it belongs to `proxy.py`.
"""

from dataclasses import dataclass

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
EXTENDED = b"PBDEC"
# ReadyForQuery ends a statement; CopyInResponse says that its rows may come.
DONE = b"ZG"


@dataclass(frozen=True)
class Unit:
    """Bytes that travel together; `statement` is the text when they are one.

    A Query is one unit, and so is a batch from Parse to Sync.
    """

    data: bytes
    statement: str | None = None
    asks_for_encryption: bool = False


class Frontend:
    """Cuts what a client sends into units."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._batch = bytearray()
        self._batch_text = ""
        self._is_started = False

    def feed(self, data: bytes) -> list[Unit]:
        """Return the units that are complete now."""
        self._buffer += data
        units: list[Unit] = []
        while (message := self._next()) is not None:
            unit = self._unit(message)
            if unit is None:
                continue
            if units and unit == Unit(unit.data) and units[-1] == Unit(units[-1].data):
                units[-1] = Unit(units[-1].data + unit.data)
            else:
                units.append(unit)
        return units

    def _next(self) -> bytes | None:
        head = 1 if self._is_started else 0
        if len(self._buffer) < head + 4:
            return None
        size = head + int.from_bytes(self._buffer[head : head + 4], "big")
        if len(self._buffer) < size:
            return None
        message = bytes(self._buffer[:size])
        del self._buffer[:size]
        return message

    def _unit(self, message: bytes) -> Unit | None:
        if not self._is_started:
            code = int.from_bytes(message[4:8], "big")
            if code in (SSL_REQUEST, GSS_REQUEST):
                return Unit(message, asks_for_encryption=True)
            self._is_started = code != CANCEL_REQUEST
            return Unit(message)
        kind = message[:1]
        if kind in (b"Q", b"c", b"f"):
            names = {b"c": "CopyDone", b"f": "CopyFail"}
            return Unit(message, names.get(kind) or _text(message[5:]))
        if kind in (b"S", b"H") and self._batch:
            unit = Unit(bytes(self._batch) + message, self._batch_text)
            self._batch.clear()
            return unit
        if kind not in EXTENDED:
            return Unit(message)
        if kind == b"P":
            self._batch_text = _text(message[5:].partition(b"\0")[2])
        elif not self._batch:
            self._batch_text = "(a prepared statement)"
        self._batch += message
        return None


class Backend:
    """Sees in what a server sends when it is done with a statement."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0

    def feed(self, data: bytes) -> bool:
        """Tell whether a statement ended, or its COPY can begin, in these bytes."""
        is_done = False
        at, size = 0, len(data)
        while at < size:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                continue
            part = data[at : at + 5 - len(self._head)]
            self._head += part
            at += len(part)
            if len(self._head) == 5:
                is_done = is_done or self._head[0] in DONE
                self._left = int.from_bytes(self._head[1:], "big") - 4
                self._head.clear()
        return is_done


def _text(body: bytes) -> str:
    return body.partition(b"\0")[0].decode(errors="replace")
