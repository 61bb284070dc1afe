"""Slow senders, many senders, large bodies: a good one is answered all the same."""

import contextlib
import logging
import threading
import time
from dataclasses import replace

import psycopg
import pytest

from pipelines.webhook.limits import LIMITS
from pipelines.webhook.tally import Tally
from tests.webhook.flooding import flood
from tests.webhook.process import process
from tests.webhook.receiving import (
    BODY,
    PATH,
    PATIENCE,
    dial,
    head,
    hear,
    receiving,
    seconds_of,
    wait_until,
)

SLOW = replace(
    LIMITS, header_seconds=1.5, body_seconds=1.5, linger_seconds=0.2, uploads=40,
    uploads_per_address=30, connections=50,
)  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(head(), id="half a head"),
        pytest.param(b"", id="nothing"),
        pytest.param(head(PATH, "Content-Length: 999") + b"\r\nlea", id="half a body"),
        pytest.param(
            head("/amocrm/x", "Content-Length: 999") + b"\r\n", id="no secret"
        ),
    ],
)
def test_sixty_slow_senders_hurt_nobody_else(url, said):
    with receiving(url, limits=SLOW) as running, contextlib.ExitStack() as lines:
        slow = [lines.enter_context(dial(running.port, said)) for _ in range(60)]

        times = [seconds_of(lambda: running.post(BODY)) for _ in range(5)]

        assert max(times) < PATIENCE
        assert running.stored() == [(BODY,)] * 5
        # And they themselves are over soon.
        for line in slow:
            assert not hear(line).startswith(b"HTTP/1.1 200")


def test_chunks_of_one_byte_hold_nobody_up(url):
    said = head("/amocrm/x", "Transfer-Encoding: chunked") + b"\r\n"
    with receiving(url) as running, contextlib.ExitStack() as lines:
        for _ in range(10):
            line = lines.enter_context(dial(running.port))
            line.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                line.send(said + b"1\r\nx\r\n" * 100_000)

        assert seconds_of(lambda: running.post(BODY)) < PATIENCE
        assert running.stored() == [(BODY,)]


def test_large_uploads_that_stop_do_not_fill_the_memory(url):
    limits = replace(SLOW, upload_bytes=2_000_000)
    said = head(PATH, "Content-Length: 900000") + b"\r\n" + b"x" * 800_000
    with receiving(url, limits=limits) as running, contextlib.ExitStack() as lines:
        for _ in range(10):
            lines.enter_context(dial(running.port, said))

        wait_until(lambda: running.receiver.uploads.size > 0)
        assert running.post().status == 200

        assert running.receiver.uploads.size <= limits.upload_bytes
    assert running.receiver.uploads.size == 0


def test_flood_is_stored_or_refused(url):
    with process(url) as running:
        running.wait_for_inbox()

        seen = flood(running.port, rate=500, seconds=2)

        assert sum(seen.statuses.values()) == 1000
        assert set(seen.statuses) <= {"200", "503"}
        assert seen.statuses["200"] > 500
        with psycopg.connect(url) as warehouse:
            query = "select sha256 from raw.amocrm__webhook_inbox"
            stored = {row[0] for row in warehouse.execute(query)}
        assert set(seen.stored) <= stored
        assert running.memory_mb < 120


def test_flood_on_a_warehouse_that_stands_still_needs_bounded_memory(url):
    limits = replace(LIMITS, queue_bytes=300_000, answer_seconds=0.5, write_seconds=0.4)
    body = b"x" * 100_000
    statuses = []
    with receiving(url, limits=limits) as running, psycopg.connect(url) as other:
        other.execute("lock table raw.amocrm__webhook_inbox")

        def send() -> None:
            with contextlib.closing(running.client()) as client:
                statuses.append(client.post(body).status)

        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        sizes = []
        while any(thread.is_alive() for thread in threads):
            sizes.append(running.receiver.writer.size)
            time.sleep(0.01)

        assert statuses == [503] * 20
        assert 0 < max(sizes) <= limits.queue_bytes
        other.rollback()
        wait_until(lambda: running.post(b"after").status == 200)
        wait_until(lambda: running.receiver.writer.size == 0)


def test_answers_are_counted_towards_the_cliff(caplog):
    now = [0.0]
    tally = Tally(lambda: now[0])

    with caplog.at_level(logging.ERROR):
        for _ in range(100):
            tally.answer_badly(503, "down")
            now[0] += 60

    assert tally.bad_answers == 100
    assert "100 bad answers to AmoCRM in two hours" in caplog.messages[-1]
    assert len(caplog.messages) == 13
    now[0] += 7200
    assert tally.bad_answers == 0
