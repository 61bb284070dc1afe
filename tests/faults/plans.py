"""Faults of a connection, and the plan of those that are still to strike.

How a connection is broken belongs to `proxy.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["to_server", "to_client"]
TO_SERVER: Final = "to_server"
TO_CLIENT: Final = "to_client"
# fin and reset close both sockets; freeze keeps them open and forwards nothing more, in
# both ways or in one; mute lets the client talk on and drops what the server answers.
Effect = Literal[
    "none", "fin", "reset", "freeze", "freeze_to_server", "freeze_to_client", "mute"
]


@dataclass(frozen=True)
class AfterBytes:
    """A fault once that many bytes have passed in one direction, over all connections.

    It strikes all of them, or only the one that carries the byte.
    """

    count: int
    way: Way
    effect: Effect
    everywhere: bool = True


@dataclass(frozen=True)
class AtStatement:
    """A fault at the n-th statement (from 1), or at the first that contains a text.

    `before` it is not forwarded, unless the effect is none. `after` the server has
    answered it and the client knows nothing of that. `do` is called first, in a thread
    of its own.
    """

    number: int | None = None
    text: str | None = None
    when: Literal["before", "after"] = "before"
    effect: Effect = "none"
    do: Callable[[], object] | None = None
    everywhere: bool = True

    def fits(self, number: int, text: str) -> bool:
        """Tell whether this is the statement it waits for."""
        if self.text is not None and self.text.lower() not in text.lower():
            return False
        return self.number is None or self.number == number


Fault = AfterBytes | AtStatement


class Plan:
    """What came by so far, and which faults wait for what."""

    def __init__(self, *faults: Fault) -> None:
        self.statements: list[str] = []
        self.passed: dict[Way, int] = {"to_server": 0, "to_client": 0}
        self._at_statement = [f for f in faults if isinstance(f, AtStatement)]
        self._after_bytes = {f: f.count for f in faults if isinstance(f, AfterBytes)}

    def take_statement(self, text: str) -> AtStatement | None:
        """Count a statement and return the fault that waits for it."""
        self.statements.append(text)
        for fault in self._at_statement:
            if fault.fits(len(self.statements), text):
                self._at_statement.remove(fault)
                return fault
        return None

    def take_bytes(self, way: Way, size: int) -> tuple[int, AfterBytes | None]:
        """Count bytes; return how many may pass, and the fault that comes then."""
        waiting = {
            fault: left for fault, left in self._after_bytes.items() if fault.way == way
        }
        fault = min(waiting, key=waiting.__getitem__, default=None)
        if fault and waiting[fault] <= size:
            size = self._after_bytes.pop(fault)
        else:
            fault = None
        for other in waiting.keys() & self._after_bytes.keys():
            self._after_bytes[other] -= size
        self.passed[way] += size
        return size, fault
