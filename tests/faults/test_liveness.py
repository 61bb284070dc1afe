"""The watchdog against a real server behind a proxy that freezes.

The bounds are those of a test: a few seconds where the defaults give a minute.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from pipelines.liveness import Patience, Watch
from tests.faults.plans import AfterBytes, AtStatement
from tests.faults.proxy import Proxy

QUICK = Patience(silence=0.3, probe_timeout=2, deadline=60)
ROWS = "copy (select repeat('x', 1000) from generate_series(1, {})) to stdout"


@pytest.fixture
def url(new_database) -> str:
    return new_database()


@pytest.fixture
def proxy(url) -> Iterator[Proxy]:
    with Proxy(url) as running:
        yield running


@contextlib.contextmanager
def watched(conninfo: str, *, patience: Patience = QUICK, identify: bool = True):
    connection = psycopg.connect(conninfo, prepare_threshold=None)
    with (
        contextlib.closing(connection),
        Watch(connection, patience=patience) as watch,
    ):
        if identify:
            watch.identify()
        yield connection, watch


def read(connection: psycopg.Connection, watch: Watch, rows: int) -> None:
    with connection.cursor() as cursor, cursor.copy(ROWS.format(rows)) as copy:
        for _ in iter_watched(copy, watch):
            pass


def iter_watched(copy: psycopg.Copy, watch: Watch):
    while True:
        with watch.waiting():
            part = copy.read()
        if not part:
            return
        yield part


def test_frozen_while_the_server_sends_is_given_up(proxy):
    with watched(proxy.url()) as (connection, watch):
        proxy.plan(AfterBytes(2_000_000, "to_client", "freeze", everywhere=False))

        with pytest.raises(psycopg.OperationalError):
            read(connection, watch, 50_000)

        assert "the line is frozen" in watch.verdict


def test_frozen_before_the_last_rows_is_given_up(proxy):
    # The rest fits into the buffers on the way: the server is done and idle.
    with watched(proxy.url()) as (connection, watch):
        proxy.plan(AfterBytes(50_000, "to_client", "freeze", everywhere=False))

        with pytest.raises(psycopg.OperationalError):
            read(connection, watch, 100)

        assert "the line is frozen" in watch.verdict


def test_frozen_while_the_client_sends_is_given_up(proxy):
    with watched(proxy.url()) as (connection, watch):
        connection.execute("create table big (line text)")
        proxy.plan(AfterBytes(2_000_000, "to_server", "freeze", everywhere=False))
        chunk = b"x" * 1000 + b"\n"

        with (
            pytest.raises(psycopg.OperationalError),
            connection.cursor().copy("copy big from stdin") as copy,
        ):
            for _ in range(200):
                with watch.waiting():
                    copy.write(chunk * 256)

        assert "the line is frozen" in watch.verdict


def test_the_locks_of_a_frozen_line_are_free_soon(proxy, url):
    # Its backend waits for rows, and nothing tells it that nobody will send them.
    with watched(proxy.url()) as (connection, watch), psycopg.connect(url) as other:
        connection.execute("create temporary table stage (line text)")
        connection.execute("select pg_advisory_xact_lock(1)")
        chunk = b"x" * 1000 + b"\n"

        with (
            pytest.raises(psycopg.OperationalError),
            connection.cursor().copy("copy stage from stdin") as copy,
        ):
            proxy.strike("freeze")
            for _ in range(200):
                with watch.waiting():
                    copy.write(chunk * 256)

        other.execute("set local lock_timeout = '10s'")
        other.execute("select pg_advisory_xact_lock(1)")


def test_frozen_after_a_commit_leaves_the_answer_to_the_database(proxy, url):
    with watched(proxy.url()) as (connection, watch):
        connection.execute("create table kept (id int)")
        proxy.plan(AtStatement(text="commit", when="after", effect="freeze"))

        with pytest.raises(psycopg.OperationalError), watch.waiting():
            connection.commit()

        assert "the line is frozen" in watch.verdict
    with psycopg.connect(url) as direct:
        assert direct.execute("select count(*) from kept").fetchone() == (0,)


def test_a_backend_that_ended_unheard_is_given_up(proxy, url):
    with watched(proxy.url()) as (connection, watch):
        with psycopg.connect(url, autocommit=True) as direct:
            proxy.strike("freeze")
            direct.execute("select pg_terminate_backend(%s)", [watch.backend_pid])

        with pytest.raises(psycopg.OperationalError), watch.waiting():
            connection.execute("select 1")

        assert "its backend has ended" in watch.verdict


def test_a_server_that_cannot_be_reached_again_is_given_up(proxy):
    with watched(proxy.url()) as (connection, watch):
        proxy.plan(AtStatement(text="pg_sleep", effect="freeze"), then_refuse=True)

        with pytest.raises(psycopg.OperationalError), watch.waiting():
            connection.execute("select pg_sleep(60)")

        assert "cannot be reached" in watch.verdict


def test_a_slow_server_is_left_alone(proxy):
    with watched(proxy.url()) as (connection, watch):
        with watch.waiting():
            row = connection.execute("select 'done', pg_sleep(1.2)").fetchone()

        assert row[0] == "done"
        assert watch.verdict is None


def test_a_lock_that_others_hold_is_waited_for(proxy, url):
    with psycopg.connect(url) as other, watched(proxy.url()) as (connection, watch):
        other.execute("create table held (id int)")
        other.commit()
        other.execute("lock table held")
        release = threading.Timer(1.2, other.rollback)
        release.start()

        with watch.waiting():
            connection.execute("select from held")

        release.join()
        assert watch.verdict is None


def test_an_owner_who_is_busy_himself_is_left_alone(proxy, url):
    with watched(proxy.url()) as (connection, watch):
        with psycopg.connect(url) as other:
            other.execute("select pg_sleep(1.2)")

        assert connection.execute("select 2").fetchone() == (2,)
        assert watch.verdict is None


def test_a_trickle_is_left_alone(url):
    # The server is slow to produce, each row is small: no chunk is ever full.
    slow = "copy (select i, pg_sleep(0.2) from generate_series(1, 6) i) to stdout"
    with watched(url) as (connection, watch):
        with connection.cursor().copy(slow) as copy, watch.waiting():
            assert sum(1 for _ in copy) == 6

        assert watch.verdict is None


@contextlib.contextmanager
def slow_line(url: str) -> Iterator[str]:
    """Carry what the server sends in small pieces, with pauses."""
    parts = urlsplit(url)

    async def carry(client, to_client):
        server, to_server = await asyncio.open_connection(parts.hostname, parts.port)

        async def up():
            while data := await client.read(65536):
                to_server.write(data)

        upward = asyncio.create_task(up())
        while data := await server.read(30_000):
            to_client.write(data)
            await asyncio.sleep(0.04)
        upward.cancel()
        to_server.close()
        to_client.close()

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        listener = runner.run(asyncio.start_server(carry, "127.0.0.1", 0))
        port = listener.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="only Linux counts bytes")
def test_a_huge_row_on_a_slow_line_is_left_alone(url):
    # The server has long sent it all and waits; the driver gives nothing out before
    # the row is complete.
    with slow_line(url) as slow, watched(slow) as (connection, watch):
        with watch.waiting():
            row = connection.execute("select repeat('x', 1000000)").fetchone()

        assert len(row[0]) == 1_000_000
        assert watch.verdict is None


def test_the_deadline_ends_even_work(url):
    patience = Patience(silence=0.3, probe_timeout=2, deadline=1)
    with watched(url, patience=patience) as (connection, watch):
        with pytest.raises(psycopg.OperationalError), watch.waiting():
            connection.execute("select pg_sleep(60)")

        assert "deadline of 1 s" in watch.verdict


def test_a_server_that_refuses_the_probe_is_believed_to_live(server, url):
    admin = psycopg.connect(server.url("postgres"), autocommit=True)
    with contextlib.closing(admin), watched(url) as (connection, watch):
        name = connection.info.dbname
        admin.execute(f"alter database {name} allow_connections false")

        with watch.waiting():
            connection.execute("select pg_sleep(1.2)")

        admin.execute(f"alter database {name} allow_connections true")
        assert watch.verdict is None
