"""A source that crashes forgets its last moments, and uses their numbers again."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import in_both_modes
from tests.servers.clusters import running, wait_for
from tests.servers.comparing import assert_equal
from tests.servers.conftest import SETTINGS

# Nobody but a checkpoint writes the log of an asynchronous commit to disk in time.
FORGETFUL = {**SETTINGS, "synchronous_commit": "off", "wal_writer_delay": "10s"}


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[PostgresServer]:
    """A cluster of the test's own that commits before anything is on disk."""
    with running(PostgresServer(tmp_path / "forgetful", settings=FORGETFUL)) as server:
        yield server


def lose_server(server: PostgresServer) -> None:
    """Let a cluster lose what is not on disk, and start it again."""
    server.run("pg_ctl", "-w", "-m", "immediate", "-D", server.data, "stop")
    server.stop()
    server.start()


def lose_backend(server: PostgresServer) -> None:
    """Kill one backend; the server then starts all the others anew, by itself."""
    url = server.url("postgres")
    with psycopg.connect(url) as killed, psycopg.connect(url) as other:
        os.kill(killed.info.backend_pid, signal.SIGKILL)

        def is_noticed() -> bool:
            with contextlib.suppress(psycopg.Error):
                other.execute("select 1")
            return other.broken

        wait_for(is_noticed)

    def is_back() -> bool:
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(url),
        ):
            return True
        return False

    wait_for(is_back)


@in_both_modes
@pytest.mark.parametrize("crash", [lose_server, lose_backend])
def test_what_a_crash_took_back_is_taken_back(leads_of, forgetful, mode, crash):
    pair = leads_of(forgetful, mode=mode)
    name = pair.source_url.rpartition("/")[2]
    pair.source("checkpoint", "update leads set name = 'forgotten' where id = 7")
    assert pair.changes() == (0, 1, 0)

    crash(forgetful)
    pair.source_url = forgetful.url(name)
    pair.source("update leads set name = 'with the same number' where id = 8")
    pair.source("update leads set name = 'later' where id = 9")

    assert pair.load()["leads"].error is None
    assert_equal(pair)
