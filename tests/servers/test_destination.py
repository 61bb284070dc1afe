"""A warehouse that cannot take the rows: what it held stays, and the error says why."""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pipelines.errors import WarehouseError
from pipelines.ingest.databases import TableLoad
from pipelines.sandbox.server import PostgresServer
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import Pair
from tests.servers.clusters import running
from tests.servers.comparing import assert_equal
from tests.servers.conftest import SETTINGS

DISK = "40m"
# More than a segment of the write-ahead log, which must stay writable.
FILE_BYTES = 20 * 1024 * 1024
MORE_ROWS = 45_000
GROW = (
    "insert into leads select n, repeat(md5(n::text), 30) "
    f"from generate_series(1000, {1000 + MORE_ROWS}) n"
)


def refusal(pair: Pair) -> WarehouseError:
    """Load and return what the warehouse said, raised or reported by its table."""
    try:
        load: TableLoad = pair.load()["leads"]
    except WarehouseError as error:
        return error
    assert isinstance(load.error, WarehouseError), load.error
    return load.error


def position(pair: Pair) -> list[object]:
    return pair.raw("select * from raw._positions")


@contextlib.contextmanager
def limited_files(server: PostgresServer) -> Iterator[None]:
    """Restart a server so that it may not write large files, and undo it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    server.stop()
    # What we start inherits it; we ourselves write no such file meanwhile.
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, hard))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    yield
    server.stop()
    server.start()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[PostgresServer]:
    """A warehouse cluster of the test's own."""
    with running(PostgresServer(tmp_path / "own", settings=SETTINGS)) as server:
        yield server


@pytest.fixture
def small_disk(own: PostgresServer) -> Iterator[Path]:
    """A disk with little room, that belongs to the account of the server."""
    folder = own.data.parent / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if (
        os.geteuid()
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("only a root that may mount can make a disk that is full")
    owner = own.data.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    yield folder
    own.stop()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.rmtree(folder)


@in_both_modes
def test_full_disk_keeps_rows_and_position(leads_of, primary, own, small_disk, mode):
    with psycopg.connect(own.url("postgres"), autocommit=True) as admin:
        place = sql.Literal(str(small_disk))
        admin.execute(sql.SQL("create tablespace small location {}").format(place))
        admin.execute("create database warehouse tablespace small template template0")
    pair = leads_of(primary, mode=mode, warehouse_url=own.url("warehouse"))
    before, rows = position(pair), pair.living("leads", "id, name")
    pair.source("update leads set name = 'new' where id = 7", GROW)

    error = refusal(pair)

    assert str(error).startswith("landing.leads: ")
    assert "No space left on device (53100)" in str(error)
    assert "has room" in str(error)
    assert position(pair) == before
    assert pair.living("leads", "id, name") == rows
    pair.source("delete from leads where id >= 1000")
    assert pair.changes() == (0, 1, 0)
    assert_equal(pair)


@in_both_modes
def test_file_that_may_not_grow_keeps_rows_and_position(leads_of, primary, own, mode):
    own.create_database("warehouse")
    pair = leads_of(primary, mode=mode, warehouse_url=own.url("warehouse"))
    before, rows = position(pair), pair.living("leads", "id, name")
    pair.source("update leads set name = 'new' where id = 7", GROW)

    with limited_files(own):
        pair.warehouse_url = own.url("warehouse")
        error = refusal(pair)
    pair.warehouse_url = own.url("warehouse")

    assert str(error).startswith("landing.leads: ")
    assert "File too large" in str(error)
    assert position(pair) == before
    assert pair.living("leads", "id, name") == rows
    assert pair.changes() == (MORE_ROWS + 1, 1, 0)
    assert_equal(pair)


@in_both_modes
def test_warehouse_that_is_read_only_says_so(leads_of, primary, mode):
    pair = leads_of(primary, mode=mode)
    before, rows = position(pair), pair.living("leads", "id, name")
    pair.source("update leads set name = 'new' where id = 7")
    name = pair.warehouse_url.rpartition("/")[2]
    pair.raw(f"alter database {name} set default_transaction_read_only = on")

    error = refusal(pair)

    assert "read-only" in str(error)
    assert "writable" in str(error)
    assert position(pair) == before
    assert pair.living("leads", "id, name") == rows
    with psycopg.connect(pair.warehouse_url, autocommit=True) as admin:
        admin.execute("set default_transaction_read_only = off")
        admin.execute(f"alter database {name} reset default_transaction_read_only")
    assert pair.changes() == (0, 1, 0)


def test_new_warehouse_that_is_read_only_says_so(leads_of, primary, new_database):
    pair = leads_of(primary, mode=None)
    pair.warehouse_url = new_database()
    name = pair.warehouse_url.rpartition("/")[2]
    pair.raw(f"alter database {name} set default_transaction_read_only = on")

    assert "read-only" in str(refusal(pair))


def test_warehouse_that_failed_over_to_a_standby_says_so(leads_of, primary, standby):
    pair = leads_of(primary, mode=None)
    pair.warehouse_url = pair.source_url.replace(
        f":{primary.port}/", f":{standby.port}/"
    )

    error = refusal(pair)

    assert "read-only" in str(error) or "recovery" in str(error)
