"""What servers and poolers say when they refuse: which error it becomes, what to do.

The texts are those of PostgreSQL, pgbouncer and Supavisor, told by a server that does
nothing else.
"""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator

import psycopg
import pytest

from pipelines.errors import AuthError, SchemaChanged, SourceUnreachable
from pipelines.extract.postgres.faults import reading_fault
from pipelines.extract.postgres.snapshot import open_snapshot
from tests.conftest import NewDatabase

CREDENTIAL = [
    'password authentication failed for user "reader"',
    'role "reader" does not exist',
    'role "reader" is not permitted to log in',
    'no pg_hba.conf entry for host "192.0.2.1", user "reader", database "x"',
    'permission denied for database "x"',
    "no such user: reader",
    "SASL authentication failed",
    "server login has been failing, cached error: password authentication failed for "
    'user "reader" (server_login_retry)',
    "Tenant or user not found",
    "(ENOTFOUND) tenant/user postgres.ref not found",
    "Authentication error, reason: wrong password",
    "(ECIRCUITBREAKER) too many authentication failures, new connections are blocked",
    "Address not in tenant allow_list: {192, 0, 2, 1}",
]
FULL = [
    "sorry, too many clients already",
    'too many connections for role "reader"',
    "remaining connection slots are reserved for roles with the SUPERUSER attribute",
    "no more connections allowed (max_client_conn)",
    "query_wait_timeout",
    "server login has been failing, try again later (server_login_retry)",
    "Max client connections reached",
    "MaxClientsInSessionMode: max clients reached - in Session mode max clients are "
    "limited to pool_size",
    "(EMAXCONNSESSION) max clients reached in session mode",
    "Unable to check out process from the pool due to timeout",
    "(ECHECKOUTTIMEOUT) unable to check out connection from the pool",
]
LATER = [
    "the database system is starting up",
    "the database system is shutting down",
    "the database system is in recovery mode",
    "the database system is not yet accepting connections",
    "canceling authentication due to timeout",
]


@contextlib.contextmanager
def refuser(text: str) -> Iterator[str]:
    """Run a server that refuses everybody with these words."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            fields = f"SFATAL\0VFATAL\0C08006\0M{text}\0\0".encode()
            self.request.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        place = f"127.0.0.1:{server.server_address[1]}"
        # Without TLS the startup comes first.
        yield f"postgresql://reader:canary@{place}/x?sslmode=disable"
        server.shutdown()
        thread.join()


def fault(url: str) -> AuthError | SourceUnreachable:
    with (
        pytest.raises((AuthError, SourceUnreachable)) as raised,
        open_snapshot(url, system="landing"),
    ):
        pass
    assert "canary" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("text", CREDENTIAL)
def test_a_wrong_credential_is_not_tried_again(text):
    with refuser(text) as url:
        error = fault(url)

    assert type(error) is AuthError
    assert "LANDING_DATABASE_URL" in error.remedy


@pytest.mark.parametrize("text", FULL)
def test_a_full_server_or_pooler_is_tried_again(text):
    with refuser(text) as url:
        error = fault(url)

    assert type(error) is SourceUnreachable
    assert "full" in error.remedy


@pytest.mark.parametrize("text", LATER)
def test_a_server_that_is_not_ready_is_tried_again(text):
    with refuser(text) as url:
        assert type(fault(url)) is SourceUnreachable


def test_a_port_where_nobody_listens_is_tried_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        error = fault(f"postgresql://reader:canary@127.0.0.1:{port}/x")

    assert type(error) is SourceUnreachable
    assert "host, port" in error.remedy


def test_a_table_that_is_being_altered_is_tried_again(new_database: NewDatabase):
    url = new_database()
    with psycopg.connect(url) as altering, psycopg.connect(url) as reading:
        altering.execute("create table leads (id int)")
        altering.commit()
        altering.execute("alter table leads add column name text")
        reading.execute("set local lock_timeout = '50ms'")

        with pytest.raises(psycopg.errors.LockNotAvailable) as raised:
            reading.execute("select from leads")

    error = reading_fault(raised.value, "landing", "leads")
    assert type(error) is SourceUnreachable
    assert "landing.leads" in str(error)
    assert "another session" in error.remedy


def test_a_slow_query_is_tried_again(new_database: NewDatabase):
    with psycopg.connect(new_database()) as reading:
        reading.execute("set local statement_timeout = '50ms'")

        with pytest.raises(psycopg.errors.QueryCanceled) as raised:
            reading.execute("select pg_sleep(60)")

    error = reading_fault(raised.value, "landing", "leads")
    assert type(error) is SourceUnreachable
    assert "slow" in error.remedy


def test_a_missing_right_is_not_tried_again(new_database: NewDatabase):
    with psycopg.connect(new_database()) as reading:
        reading.execute("create table leads (id int)")
        reading.execute("create role stranger_to_leads")
        reading.execute("set local role stranger_to_leads")

        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            reading.execute("select from leads")
        reading.rollback()

    assert type(reading_fault(raised.value, "landing", "leads")) is AuthError


def test_a_table_that_vanished_while_it_was_read_is_a_change(new_database: NewDatabase):
    with (
        psycopg.connect(new_database()) as reading,
        pytest.raises(psycopg.errors.UndefinedTable) as raised,
    ):
        reading.execute("select from leads")

    assert type(reading_fault(raised.value, "landing", "leads")) is SchemaChanged


def test_why_a_line_was_given_up_stands_in_the_error():
    broken = psycopg.OperationalError("server closed the connection unexpectedly")
    verdict = "the server has been silent for 45 s"

    error = reading_fault(broken, "landing", "leads", verdict=verdict)

    assert type(error) is SourceUnreachable
    assert str(error).startswith(f"landing.leads: {verdict} - ")
