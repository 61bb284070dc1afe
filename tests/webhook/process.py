"""The receiver as `python -m pipelines webhook` runs it: a process to be killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.webhook.receiving import PREVIOUS, SECRET, wait_until

ROOT = Path(__file__).parents[2]


class Process:
    """A receiver process, its port and what it logged."""

    def __init__(self, warehouse_url: str) -> None:
        variables = {
            "WAREHOUSE_URL": warehouse_url,
            "AMOCRM_WEBHOOK_SECRET": SECRET,
            "AMOCRM_WEBHOOK_SECRET_PREVIOUS": PREVIOUS,
        }
        self.log: list[str] = []
        self.running = subprocess.Popen(
            [sys.executable, "-m", "pipelines", "webhook", "--port", "0"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        wait_until(lambda: self.find(r"listening on \S+ port (\d+)") or self.has_ended)
        self.port = int(self.find(r"listening on \S+ port (\d+)") or 0)

    def _listen(self) -> None:
        assert self.running.stderr
        self.log.extend(iter(self.running.stderr.readline, ""))

    @property
    def has_ended(self) -> bool:
        return self.running.poll() is not None

    def find(self, pattern: str) -> str | None:
        found = re.search(pattern, "".join(self.log))
        return found[1] if found else None

    def wait_for_inbox(self) -> None:
        wait_until(lambda: self.find("(the inbox can be written)"))

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()

    def terminate(self) -> None:
        self.running.send_signal(signal.SIGTERM)

    @property
    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


@contextlib.contextmanager
def process(warehouse_url: str) -> Iterator[Process]:
    running = Process(warehouse_url)
    try:
        yield running
    finally:
        running.kill()
