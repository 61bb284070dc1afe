"""A source that crashes forgets its last moments, and uses their numbers again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import in_both_modes
from tests.servers.clusters import running
from tests.servers.comparing import assert_equal
from tests.servers.conftest import SETTINGS

# Nobody but a checkpoint writes the log of an asynchronous commit to disk in time.
FORGETFUL = {**SETTINGS, "synchronous_commit": "off", "wal_writer_delay": "10s"}


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[PostgresServer]:
    """A cluster of the test's own that commits before anything is on disk."""
    with running(PostgresServer(tmp_path / "forgetful", settings=FORGETFUL)) as server:
        yield server


def crash(server: PostgresServer) -> None:
    """Let a cluster lose what is not on disk, and start it again."""
    server.run("pg_ctl", "-w", "-m", "immediate", "-D", server.data, "stop")
    server.stop()
    server.start()


@in_both_modes
def test_what_a_crash_took_back_is_taken_back(leads_of, forgetful, mode):
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
