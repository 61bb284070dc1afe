"""The proxy itself: what it passes on, and how each of its faults looks to a client."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import NewDatabase
from tests.faults.plans import TO_CLIENT, TO_SERVER, AfterBytes, AtStatement
from tests.faults.proxy import Proxy

ROWS = "select n, repeat('x', 90) from generate_series(1, 20000) n"


@pytest.fixture
def proxy(new_database: NewDatabase) -> Iterator[Proxy]:
    with Proxy(new_database()) as running:
        yield running


def connect(proxy: Proxy, **options: object) -> psycopg.Connection:
    return psycopg.connect(proxy.url(), autocommit=True, **options)  # type: ignore[arg-type]


def rows(url: str) -> int:
    with psycopg.connect(url) as direct:
        row = direct.execute("select count(*) from t").fetchone()
        return int(row[0]) if row else 0


def wait_for(proxy: Proxy, query: str) -> None:
    """Wait until a query on a direct connection says true."""
    with psycopg.connect(proxy.target, autocommit=True) as direct:
        direct.execute("set statement_timeout = '20s'")
        direct.execute(
            f"do $$ begin while not ({query}) loop perform pg_sleep(0.01), "
            "pg_stat_clear_snapshot(); end loop; end $$"
        )


def test_everything_passes_and_statements_are_counted(proxy):
    with connect(proxy) as client:
        client.execute("create table t (n int, x text)")
        client.execute("insert into t values (%s, 'a')", [1])
        with client.cursor().copy(f"copy ({ROWS}) to stdout (format binary)") as source:
            data = b"".join(source)
        with client.cursor().copy("copy t from stdin (format binary)") as target:
            target.write(data)

    assert rows(proxy.target) == 20_001
    assert [text.split()[0] for text in proxy.statements] == [
        "create", "insert", "copy", "copy", "CopyDone",
    ]  # fmt: skip
    assert proxy.passed[TO_CLIENT] > len(data)


@pytest.mark.parametrize("effect", ["fin", "reset"])
@pytest.mark.parametrize("way", [TO_SERVER, TO_CLIENT])
def test_connection_is_cut_after_bytes(proxy, way, effect):
    query = f"select '{'q' * 100_000}'"
    with connect(proxy) as client:
        proxy.plan(AfterBytes(70_000, way, effect))

        with pytest.raises(psycopg.OperationalError):
            client.execute(query)

    assert proxy.has_fired
    assert proxy.passed[way] == 70_000
    with connect(proxy) as client:
        assert client.execute("select 1").fetchone() == (1,)


def test_one_connection_or_all_of_them_are_struck(proxy):
    with connect(proxy) as one, connect(proxy) as other, connect(proxy) as third:
        proxy.plan(AtStatement(text="cut one", effect="fin", everywhere=False))
        with pytest.raises(psycopg.OperationalError):
            one.execute("select 'cut one'")
        other.execute("select 1")
        proxy.plan(AfterBytes(10, TO_SERVER, "reset"), then_refuse=True)
        for client in (other, third):
            with pytest.raises(psycopg.OperationalError):
                client.execute("select 1")

    with pytest.raises(psycopg.OperationalError):
        connect(proxy)
    proxy.heal()
    connect(proxy).close()


def test_statement_before_a_fault_is_not_forwarded(proxy):
    with connect(proxy) as client:
        client.execute("create table t (n int)")
        proxy.plan(AtStatement(text="INSERT", effect="fin"))

        with pytest.raises(psycopg.OperationalError):
            client.execute("insert into t values (%s)", [1])

    assert rows(proxy.target) == 0


def test_statement_is_done_and_its_answer_lost_after_a_fault(proxy):
    seen: list[int] = []
    with connect(proxy) as client:
        client.execute("create table t (n int)")
        proxy.plan(
            AtStatement(
                2,
                when="after",
                effect="reset",
                do=lambda: seen.append(rows(proxy.target)),
            )
        )
        client.execute("select 1")

        with pytest.raises(psycopg.OperationalError):
            client.execute("insert into t values (%s)", [1])

    assert seen == [1]


def test_fault_without_effect_only_tells(proxy):
    with connect(proxy) as client:
        for when in ("before", "after"):
            proxy.plan(AtStatement(text="select", when=when))
            assert client.execute("select 7").fetchone() == (7,)
            assert proxy.wait_fired(5)


def test_muted_server_works_on_and_its_answers_are_lost(proxy):
    client = connect(proxy)
    client.execute("create table t (n int)")
    proxy.strike("mute")

    client.pgconn.send_query(b"insert into t values (1)")

    wait_for(proxy, "select exists (select from t)")
    client.pgconn.consume_input()
    assert client.pgconn.is_busy()
    client.close()


def test_frozen_connection_keeps_its_backend_until_it_is_healed(proxy):
    client = connect(proxy)
    client.execute("begin")
    client.execute("create table t (n int)")
    pid = client.info.backend_pid
    backend = f"select from pg_stat_activity where pid = {pid}"

    proxy.strike("freeze")
    client.close()

    # Another connection passes the proxy in the meantime: an end would have, too.
    connect(proxy).close()
    wait_for(proxy, f"exists ({backend} and state = 'idle in transaction')")
    proxy.heal()
    wait_for(proxy, f"not exists ({backend})")


def test_copy_freezes_in_the_middle(proxy):
    with connect(proxy) as client:
        client.execute("create table t (n int, x text)")
        proxy.plan(AfterBytes(300_000, TO_SERVER, "freeze"))
        copy = client.cursor().copy("copy t from stdin")
        with pytest.raises(psycopg.OperationalError), copy as target:
            for number in range(5_000):
                target.write_row((number, "x" * 90))
            assert proxy.wait_fired(20)
            proxy.heal()

    assert rows(proxy.target) == 0
