"""A flood of webhooks at a steady rate, and what was answered to each of them.

`python -m tests.webhook.flooding <port> <rate> <seconds> <bytes>` is one, in a process
of its own: a sender in the receiver's process would take turns with it.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.webhook.receiving import PATH, digest

ROOT = Path(__file__).parents[2]
# As many as AmoCRM's senders may be; each waits for its answer.
LINES = 32
# A deal with its fields.
SIZE = 2000


@dataclass
class Flood:
    """Digests of what was stored by its answer, all answers, and how long they took."""

    stored: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0

    def share(self, percent: float) -> float:
        """Return the time within which this share was answered."""
        times = sorted(self.milliseconds)
        return times[min(len(times) - 1, int(len(times) * percent / 100))]


def flood(port: int, *, rate: int, seconds: float, size: int = SIZE) -> Flood:
    """Send from another process and return what it saw."""
    numbers = map(str, (port, rate, seconds, size))
    done = subprocess.run(
        [sys.executable, "-m", "tests.webhook.flooding", *numbers],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    told = json.loads(done.stdout)
    return Flood(**{**told, "statuses": Counter(told["statuses"])})


async def _send_all(port: int, rate: int, seconds: float, size: int) -> Flood:
    result, count = Flood(), int(rate * seconds)
    numbers = iter(range(count))
    begun = time.monotonic()

    async def send_some() -> None:
        line = None
        for number in numbers:
            await asyncio.sleep(begun + number / rate - time.monotonic())
            body = b"leads[update][0][id]=%d&account[id]=31000001" % number
            body += b"&filler=" + b"x" * size
            asked = time.monotonic()
            try:
                line = line or await asyncio.open_connection("127.0.0.1", port)
                status, line = await _send(line, body)
            except OSError as error:
                status, line = type(error).__name__, None
            result.milliseconds.append(1000 * (time.monotonic() - asked))
            result.statuses[status] += 1
            if status == "200":
                result.stored.append(digest(body))

    await asyncio.gather(*(send_some() for _ in range(LINES)))
    result.seconds = time.monotonic() - begun
    return result


async def _send(line, body: bytes):
    reader, writer = line
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(row.partition(b":")[2])
        for row in head.split(b"\r\n")
        if row.lower().startswith(b"content-length")
    )
    await reader.readexactly(length)
    status = head.split(b" ", 2)[1].decode()
    if b"connection: close" in head.lower():
        writer.close()
        return status, None
    return status, line


if __name__ == "__main__":
    port, rate, seconds, size = sys.argv[1:]
    found = asyncio.run(_send_all(int(port), int(rate), float(seconds), int(size)))
    print(json.dumps(vars(found)))
