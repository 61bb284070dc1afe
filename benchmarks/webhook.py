"""How the receiver of webhooks bears a flood: `python -m benchmarks.webhook`.

A durable server, the receiver as a process of its own, a sender in another one: 500
deliveries a second for ten seconds, then large ones while the inbox is locked, then
sixty slow senders. Prints its figures; nothing here is part of docs/benchmarks.md.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.servers import SETTINGS
from pipelines.sandbox.server import PostgresServer
from tests.webhook.flooding import Flood, flood
from tests.webhook.process import Process, process
from tests.webhook.receiving import BODY, PATH, Client, dial, head

LARGE = 200_000
COUNT = "select count(*), count(distinct sha256) from raw.amocrm__webhook_inbox"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder), settings=SETTINGS) as server,
    ):
        server.create_database("warehouse")
        url = server.url("warehouse")
        with process(url) as receiver:
            receiver.wait_for_inbox()
            idle = receiver.memory_mb
            seen = flood(receiver.port, rate=options.rate, seconds=options.seconds)
            _tell("flood", seen, receiver, idle)
            print("stored:", *_rows(url, COUNT), "missing:", _missing(url, seen))
            with psycopg.connect(url) as other:
                other.execute("lock table raw.amocrm__webhook_inbox")
                seen = flood(receiver.port, rate=200, seconds=5, size=LARGE)
                _tell(f"{LARGE} bytes each, inbox locked", seen, receiver, idle)
            _tell_slow(receiver)
        server.remove()
    return 0


def _tell(what: str, seen: Flood, receiver: Process, idle: float) -> None:
    print(
        f"{what}: {dict(seen.statuses)} in {seen.seconds:.1f} s; p50 "
        f"{seen.share(50):.0f} ms, p95 {seen.share(95):.0f} ms, p99 "
        f"{seen.share(99):.0f} ms, max {seen.share(100):.0f} ms; memory {idle:.0f} MB "
        f"before, {receiver.memory_mb:.0f} MB at most"
    )


def _tell_slow(receiver: Process) -> None:
    for what, said in (
        ("half a head", head()),
        ("half a body", head(PATH, "Content-Length: 999") + b"\r\nlea"),
    ):
        with contextlib.ExitStack() as lines:
            for _ in range(60):
                lines.enter_context(dial(receiver.port, said))
            times = []
            for _ in range(20):
                begun = time.monotonic()
                with contextlib.closing(Client(receiver.port)) as client:
                    assert client.post(BODY).status == 200
                times.append(1000 * (time.monotonic() - begun))
        print(f"60 slow senders ({what}): a good one waits {max(times):.0f} ms at most")


def _missing(url: str, seen: Flood) -> int:
    """Count deliveries that were answered with 200 and are not there."""
    query = "select sha256 from raw.amocrm__webhook_inbox"
    return len(set(seen.stored) - {row[0] for row in _rows(url, query)})


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as warehouse:
        return warehouse.execute(query.encode()).fetchall()


if __name__ == "__main__":
    sys.exit(main())
