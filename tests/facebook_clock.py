"""A clock for Facebook's tests: waiting moves it, nothing waits in truth."""

import threading
from collections import Counter

from tests.facebook_world import NOW


class VirtualTimer:
    """A Timer whose sleep only moves its clock; threads may share it.

    `sleeps` lists every wait in order, `slept` sums them by the thread's name. Threads
    sleep one after the other here, so another's wait moves this thread's clock too.
    """

    def __init__(self, start: float = NOW.timestamp()) -> None:
        self.start = start
        self.sleeps: list[float] = []
        self.slept: Counter[str] = Counter()
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        with self._lock:
            self._now += seconds
            self.sleeps.append(seconds)
            self.slept[threading.current_thread().name] += seconds

    def stop(self) -> None:
        """Nothing waits here in truth."""

    @property
    def waited(self) -> float:
        """All the seconds since the start."""
        return self.now() - self.start
