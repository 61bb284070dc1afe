"""When a delivery is tried again, and when AmoCRM gives up on an address.

The waits are those of AmoCRM's manual; the clock is the sender's own. What is sent
belongs to `hooks.py`, sending it to `sender.py`.
"""

from collections import deque
from dataclasses import dataclass, field

MINUTE = 60.0
HOUR = 60 * MINUTE
# Answers of the server's own trouble are retried more patiently than refusals.
PATIENT_WAITS, HASTY_WAITS = (15 * MINUTE, HOUR), (5 * MINUTE, 15 * MINUTE)
PATIENT_STATUSES = (499, *range(500, 600))
BAD_ANSWERS = 100
BAD_WINDOW = 2 * HOUR


@dataclass(frozen=True)
class Delivery:
    """One try: what was sent, when, and what came back; None is no answer in time."""

    request_id: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    tried_at: float
    attempt: int
    status: int | None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 100 <= self.status < 300


def next_wait(delivery: Delivery) -> float | None:
    """Return the seconds until the next try, None after the last one."""
    patient = delivery.status is None or delivery.status in PATIENT_STATUSES
    waits = PATIENT_WAITS if patient else HASTY_WAITS
    return waits[delivery.attempt - 1] if delivery.attempt <= len(waits) else None


@dataclass
class Patience:
    """Counts bad answers: more than a hundred in two hours end the subscription."""

    is_disabled: bool = False
    _bad: deque[float] = field(default_factory=deque)

    def hear(self, delivery: Delivery) -> None:
        """Note an answer; only a bad one can be the last one."""
        if delivery.is_good:
            return
        self._bad.append(delivery.tried_at)
        while self._bad[0] <= delivery.tried_at - BAD_WINDOW:
            self._bad.popleft()
        self.is_disabled = self.is_disabled or len(self._bad) > BAD_ANSWERS

    def enable(self) -> None:
        """Turn the hook on again, as an administrator does by hand."""
        self.is_disabled = False
        self._bad.clear()
