"""Reading a source through poolers: our own emulation, and pgbouncer where it is.

What a transaction leaves behind in a backend, another client of the pooler would find.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from pipelines.connections import connection_string, pooler_kind
from pipelines.ingest.databases import Engine
from pipelines.liveness import Patience, Watch
from tests.conftest import NewDatabase
from tests.faults.bouncer import PGBOUNCER, pgbouncer
from tests.faults.pooler import Pooler
from tests.faults.proxy import Proxy
from tests.ingest.source import LEADS, Pair, declare

Through = Callable[[str], AbstractContextManager[str]]
# A stranger that dies would find nothing.
pytestmark = pytest.mark.filterwarnings(
    "error::pytest.PytestUnhandledThreadExceptionWarning"
)
POOL_SIZE = 4
EMULATED = ("emulated, last", "emulated, first")
REAL = ("pgbouncer, transaction", "pgbouncer, session")
# All that a session could leave behind, and the defaults of the server.
SESSION = """
select pg_backend_pid(), array[
    current_setting('statement_timeout'), current_setting('lock_timeout'),
    current_setting('idle_in_transaction_session_timeout'),
    current_setting('TimeZone'), current_setting('row_security'),
    current_setting('default_transaction_read_only'),
    current_setting('transaction_read_only'), current_setting('transaction_isolation'),
    (select count(*)::text from pg_prepared_statements),
    (select count(*)::text from pg_cursors),
    (select count(*)::text from pg_class where relpersistence = 't'),
    (select count(*)::text from pg_locks
        where pid = pg_backend_pid() and locktype = 'advisory')
]
"""


@pytest.fixture(params=[*EMULATED, *REAL])
def through(request, tmp_path) -> Through:
    """Return what puts a pooler before a URL."""
    kind, _, mode = request.param.partition(", ")
    if kind == "pgbouncer" and not PGBOUNCER:
        pytest.skip("pgbouncer is not installed")

    @contextlib.contextmanager
    def pooled(url: str) -> Iterator[str]:
        if kind == "pgbouncer":
            with pgbouncer(url, tmp_path, mode=mode, size=POOL_SIZE) as address:
                yield address
        else:
            with Pooler(url, size=POOL_SIZE, order=mode) as pooler:
                yield pooler.url()
                assert pooler.prepared == []

    return pooled


class Stranger(threading.Thread):
    """Another client of the pooler, who looks at the session that it gets."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.pids: set[int] = set()
        self.sessions: set[tuple[str, ...]] = set()
        self._url = url
        self._is_over = threading.Event()

    def __enter__(self) -> "Stranger":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        with psycopg.connect(
            self._url, autocommit=True, prepare_threshold=None
        ) as connection:
            while not self._is_over.is_set():
                self.look(connection)

    def look(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(SESSION).fetchone()
        assert row is not None
        self.pids.add(row[0])
        self.sessions.add(tuple(row[1]))


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    return new_database()


@pytest.fixture
def pair(new_database: NewDatabase) -> Pair:
    pair = Pair(new_database(), new_database())
    for name in ("leads", "sales", "events"):
        pair.source(
            f"create table {name} (id int primary key, name text, "
            "updated_at timestamptz)",
            f"insert into {name} select n, repeat('{name} ', 40) || n, now() "
            "from generate_series(1, 3000) n",
        )
        pair.tables.append(declare(name, LEADS))
    return pair


def default_session(url: str) -> tuple[str, ...]:
    stranger = Stranger(url)
    with psycopg.connect(url, autocommit=True) as direct:
        stranger.look(direct)
    return next(iter(stranger.sessions))


def test_a_load_through_a_pooler_is_whole_and_leaves_nothing(pair, through):
    default = default_session(pair.source_url)

    with (
        through(pair.source_url) as pooled,
        Stranger(pooled) as one,
        Stranger(pooled) as other,
    ):
        loads = pair.load(source_url=pooled)
        again = pair.load(source_url=pooled, run_id="second")
        # What idle backends keep is found by whoever comes later.
        for _ in range(POOL_SIZE):
            with psycopg.connect(pooled, autocommit=True) as later:
                one.look(later)

    assert [load.error for load in (*loads.values(), *again.values())] == [None] * 6
    assert {load.result.rows_inserted for load in loads.values()} == {3000}
    assert {load.result.rows_changed for load in again.values()} == {0}
    assert one.sessions | other.sessions == {default}
    assert one.pids and other.pids


def test_the_emulation_leaks_what_a_session_keeps(url):
    # The proof that the test above could fail.
    with Pooler(url, size=1) as pooler:
        with psycopg.connect(pooler.url(), autocommit=True) as careless:
            careless.execute("set statement_timeout = '7s'")
        with psycopg.connect(pooler.url(), autocommit=True) as later:
            row = later.execute("show statement_timeout").fetchone()

    assert row == ("7s",)


def test_clients_of_the_emulation_take_turns_with_its_backends(pair):
    with Pooler(pair.source_url, size=2) as pooler:
        with Stranger(pooler.url()), Stranger(pooler.url()), Stranger(pooler.url()):
            pair.load(source_url=pooler.url())

        by_backend: dict[int, set[int]] = {}
        for client, pid in pooler.turns:
            by_backend.setdefault(pid, set()).add(client)
        assert max(map(len, by_backend.values())) > 1


def test_a_pool_smaller_than_the_crew_suffices(pair):
    engine = Engine(workers=3, patience=Patience(silence=0.5, probe_timeout=2))

    with Pooler(pair.source_url, size=1) as pooler:
        loads = pair.load(source_url=pooler.url(), engine=engine)

    assert [load.error for load in loads.values()] == [None] * 3


def test_a_transaction_pooler_is_told_from_a_session(url, through, request):
    mode = request.node.callspec.params["through"]
    expected = "direct or session" if mode.endswith("session") else "transaction"

    with through(url) as pooled:
        opened = psycopg.connect(connection_string(pooled), prepare_threshold=None)
        with contextlib.closing(opened) as connection:
            assert pooler_kind(connection) == expected


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("order", ["first", "last"])
def test_a_small_idle_pool_is_seen_too(url, size, order):
    with Pooler(url, size=size, order=order) as pooler:
        warm = [psycopg.connect(pooler.url()) for _ in range(size)]
        for connection in warm:
            connection.execute("select 1")
        for connection in warm:
            connection.close()
        opened = psycopg.connect(pooler.url(), prepare_threshold=None)
        with contextlib.closing(opened) as connection:
            assert pooler_kind(connection) == "transaction"


def test_a_busy_backend_behind_a_full_pool_is_left_alone(url):
    # Nobody can be asked: the only backend of the pool is ours, and works.
    patience = Patience(silence=0.3, probe_timeout=0.3)
    with Pooler(url, size=1) as pooler:
        opened = psycopg.connect(pooler.url(), prepare_threshold=None)
        with contextlib.closing(opened), Watch(opened, patience=patience) as watch:
            opened.execute("select 1")
            watch.identify()

            with watch.waiting():
                opened.execute("select pg_sleep(1.5)")

            assert watch.verdict is None


def test_a_line_to_a_pooler_that_froze_is_given_up(url):
    patience = Patience(silence=0.3, probe_timeout=2)
    with Pooler(url) as pooler, Proxy(pooler.url()) as proxy:
        opened = psycopg.connect(proxy.url(), prepare_threshold=None)
        with contextlib.closing(opened), Watch(opened, patience=patience) as watch:
            opened.execute("select 1")
            watch.identify()
            proxy.strike("freeze")

            with pytest.raises(psycopg.OperationalError), watch.waiting():
                opened.execute("select 2")

            assert "the line is frozen" in watch.verdict
