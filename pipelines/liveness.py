"""A watchdog for a PostgreSQL connection: it tells a slow server from a frozen line.

A half-open line keeps its client waiting for ever. TCP keepalives do not see it when a
proxy or a NAT still acknowledges, and a healthy server may be silent for minutes. So
after some silence a second connection asks what the backend of the first one does.
Which statements are watched belongs to their owners, what the errors say to
`extract/postgres/faults.py`.
"""

import contextlib
import math
import os
import selectors
import socket
import struct
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Literal, Self

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

# What a look at the backend shows: it works; it waits for us who wait for it; others
# are answered, before we know which backend is ours; it has ended; the server cannot be
# asked; or nothing that proves anything.
Look = Literal["works", "waits", "ignores", "gone", "unreachable", "unknown"]
REASONS: Final[dict[Look, str]] = {
    "waits": "its backend waits for us, so the line is frozen",
    "ignores": "it answers a second connection at once, so the line is frozen",
    "gone": "its backend has ended, so the line is frozen",
    "unreachable": "it cannot be reached by a second connection either",
}
# Bytes acknowledged and received, in Linux' struct tcp_info.
TCP_INFO: Final[int | None] = getattr(socket, "TCP_INFO", None)
TCP_COUNTERS = struct.Struct("QQ")
TCP_COUNTERS_AT = 120


@dataclass(frozen=True)
class Patience:
    """How long a connection may be silent before it is examined, and given up.

    All in seconds. A dead line is given up within `2 * silence + 2 * probe_timeout`; a
    lock that others hold is waited for as long as `locks` says.
    """

    silence: float = 20
    probe_timeout: float = 10
    confirmations: int = 2
    deadline: float = 7200
    locks: float = 10


PATIENCE: Final = Patience()


class _Waiting:
    """The mark that the owner waits for the server; a timestamp, for it is hot."""

    __slots__ = ("since",)

    def __init__(self) -> None:
        self.since = 0.0

    def __enter__(self) -> None:
        self.since = monotonic()

    def __exit__(self, *_: object) -> None:
        self.since = 0.0


class Watch:
    """Breaks a connection whose line is dead, so that the blocked call raises.

    Put `waiting()` around all that may block: a statement, a chunk of COPY, leaving a
    COPY early, a commit. After a break `verdict` says why.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        patience: Patience = PATIENCE,
    ) -> None:
        self.verdict: str | None = None
        self.backend_pid: int | None = None
        self._backend_start: str | None = None
        self._is_pooled = False
        self._connection = connection
        self._patience = patience
        self._waiting = _Waiting()
        self._stopped = threading.Event()
        info = connection.info
        # The same server, even where the name leads to several.
        self._probe = make_conninfo(
            info.dsn,
            password=info.password or None,
            host=info.host or None,
            hostaddr=info.hostaddr or None,
            port=info.port,
            connect_timeout=math.ceil(patience.probe_timeout),
            application_name="traffic-pipeline probe",
        )

    def __enter__(self) -> Self:
        self._started = monotonic()
        # A file descriptor of its own: the connection may be closed at any moment.
        self._line = socket.socket(fileno=os.dup(self._connection.pgconn.socket))
        threading.Thread(target=self._run, name="watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def identify(self) -> None:
        """Learn which backend serves the connection, before anything that takes time.

        Through a transaction pooler call it inside each transaction. A transaction that
        is open stays open, and none is left open that was not.
        """
        idle = self._connection.info.transaction_status == pq.TransactionStatus.IDLE
        with self.waiting():
            row = self._connection.execute(_IDENTIFY).fetchone()
            if idle:
                self._connection.rollback()
        assert row is not None
        self.backend_pid, self._backend_start = row
        # A pooler invents the number that it gives to its clients.
        self._is_pooled = self.backend_pid != self._connection.info.backend_pid

    def waiting(self) -> _Waiting:
        """Mark by `with` that the owner waits; costs a fraction of a microsecond."""
        return self._waiting

    def _run(self) -> None:
        with self._line:
            while not self._stopped.wait(self._patience.silence / 8):
                if monotonic() - self._started > self._patience.deadline:
                    self._break(f"its deadline of {self._patience.deadline:g} s passed")
                    return
                if self._waiting.since and self._is_dead():
                    return

    def _is_dead(self) -> bool:
        """Follow one silence until something moves (false) or it is given up (true)."""
        patience = self._patience
        moment, began = self._moment(), monotonic()
        look_at, suspicions = began + patience.silence, 0
        while not self._stopped.wait(patience.silence / 8):
            now = monotonic()
            if self._moment() != moment or now - self._started > patience.deadline:
                return False
            if now < look_at:
                continue
            look = self._look()
            suspicions = suspicions + 1 if look in REASONS else 0
            if suspicions >= patience.confirmations and self._moment() == moment:
                silence = monotonic() - began
                self._break(
                    f"the server has been silent for {silence:.0f} s: {REASONS[look]}"
                )
                return True
            pause = patience.silence / 2 if suspicions else patience.silence
            look_at = monotonic() + pause
        return False

    def _moment(self) -> tuple[float, bytes]:
        """Return what differs as soon as the owner or the line moves on."""
        counters = b""
        if TCP_INFO is not None:
            with contextlib.suppress(OSError):
                size = TCP_COUNTERS_AT + TCP_COUNTERS.size
                info = self._line.getsockopt(socket.IPPROTO_TCP, TCP_INFO, size)
                counters = info[TCP_COUNTERS_AT:]
        return self._waiting.since, counters

    def _break(self, verdict: str) -> None:
        if self._stopped.is_set():
            return
        self.verdict = verdict
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        # Nobody tells the backend, so it would keep its locks until its own timeouts. A
        # pooler may have given it to somebody else by now.
        if self.backend_pid is not None and not self._is_pooled:
            with contextlib.suppress(psycopg.Error, OSError):
                self._ask(_END)

    def _look(self) -> Look:
        """Ask the server by a second connection what the backend does."""
        try:
            answer = self._ask(_QUESTION)
        except TimeoutError:
            # A pooler may have no connection left for the question.
            return "unknown" if self._is_pooled else "unreachable"
        except psycopg.Error as error:
            # It refuses us (full, password changed), so it is alive.
            return "unknown" if "FATAL" in str(error) else "unreachable"
        except OSError:
            # Our own trouble: no file descriptor is left.
            return "unknown"
        if self.backend_pid is None:
            # So early nothing is asked that would take time.
            return "ignores"
        if answer is None:
            return "gone"
        # Nothing at all stands there for a backend that computes, or one of a role that
        # we may not see into.
        return "waits" if answer == "Client" else "works"

    def _ask(self, question: bytes) -> str | None:
        """Return the answer, None without such a backend; raise when it is late."""
        until = monotonic() + self._patience.probe_timeout
        identity = [str(self.backend_pid or 0), self._backend_start or ""]
        with contextlib.closing(psycopg.connect(self._probe)) as probe:
            line = probe.pgconn
            line.send_query_params(question, [part.encode() for part in identity])
            line.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(line.socket, selectors.EVENT_READ)
                while line.is_busy():
                    if not selector.select(max(until - monotonic(), 0)):
                        raise TimeoutError
                    line.consume_input()
            result = line.get_result()
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError("FATAL: the question was refused")
        value = result.get_value(0, 0) if result.ntuples else None
        return None if value is None else value.decode()


# The start tells a backend from a later one that got the same number.
_IDENTIFY = """
select pid, extract(epoch from backend_start)::text
from pg_stat_activity where pid = pg_backend_pid()
"""
_BACKEND = b"""
from pg_stat_activity
where pid = $1::integer
    and coalesce(extract(epoch from backend_start)::text, $2::text) = $2::text
"""
_QUESTION = b"select coalesce(wait_event_type, 'none')" + _BACKEND
_END = b"select pg_terminate_backend(pid)" + _BACKEND
