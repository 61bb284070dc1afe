"""TLS to servers outside this machine: what is trusted, what is refused, what is said.

A server counts as remote by its name; `hostaddr` leads the name to this machine.
"""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg2
import pytest
import trustme

from pipelines.errors import SourceUnreachable
from pipelines.extract.postgres.snapshot import open_snapshot
from pipelines.liveness import Patience
from pipelines.sandbox.server import PostgresServer
from pipelines.warehouse import dbt_environment
from pipelines.watched import WatchedConnection
from tests.faults.tls import TlsFront

NAME = "db.example.test"


@pytest.fixture(autouse=True)
def no_outer_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGSSLMODE", "PGSSLROOTCERT", "PGHOST", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return authority, path


@pytest.fixture(scope="module")
def ca(authority) -> Path:
    return authority[1]


@pytest.fixture(scope="module")
def tls_server(server, authority) -> Iterator[TlsFront]:
    """Run a server with a certificate for its name that no machine knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert(NAME).configure_cert(context)
    with TlsFront(server.url("postgres"), context) as front:
        yield front


def remote(
    server: TlsFront | PostgresServer, *, name: str = NAME, **options: object
) -> str:
    options = {"hostaddr": "127.0.0.1", **options}
    query = "&".join(f"{key}={value}" for key, value in options.items())
    return f"postgresql://postgres@{name}:{server.port}/postgres?{query}"


def is_encrypted(url: str) -> bool:
    with open_snapshot(url, system="landing") as snapshot:
        return snapshot.connection.pgconn.ssl_in_use


def refusal(url: str) -> SourceUnreachable:
    with (
        pytest.raises(SourceUnreachable) as raised,
        open_snapshot(url, system="landing"),
    ):
        pass
    return raised.value


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server):
    error = refusal(remote(tls_server))

    assert "certificate verify failed" in error.message
    assert "PGSSLROOTCERT" in error.remedy
    assert "LANDING_DATABASE_URL" in error.remedy


def test_the_authority_of_the_server_opens_it(tls_server, ca, monkeypatch):
    assert is_encrypted(remote(tls_server, sslrootcert=ca))

    monkeypatch.setenv("PGSSLROOTCERT", str(ca))
    assert is_encrypted(remote(tls_server))


def test_an_authority_that_the_machine_trusts_opens_it(tls_server, ca, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))

    assert is_encrypted(remote(tls_server))
    assert is_encrypted(remote(tls_server, sslrootcert="system"))


def test_dbt_trusts_what_the_loader_trusts(tls_server, ca, monkeypatch):
    # Its driver brings an OpenSSL of its own.
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    variables = dbt_environment(remote(tls_server))
    place = {"hostaddr": "127.0.0.1", "port": tls_server.port, "user": "postgres"}
    trust = {
        "sslmode": variables["WAREHOUSE_SSLMODE"],
        "sslrootcert": variables["PGSSLROOTCERT"],
    }

    with contextlib.closing(psycopg2.connect(host=NAME, **place, **trust)) as opened:
        assert opened.info.ssl_in_use
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        psycopg2.connect(host="other.example.test", **place, **trust)


def test_an_authority_that_does_not_exist_is_refused(tls_server, tmp_path):
    error = refusal(remote(tls_server, sslrootcert=tmp_path / "none.pem"))

    assert "PGSSLROOTCERT" in error.remedy


def test_a_certificate_for_another_name_is_refused(tls_server, ca):
    error = refusal(remote(tls_server, name="other.example.test", sslrootcert=ca))

    assert "does not match host name" in error.message
    assert "LANDING_DATABASE_URL" in error.remedy


def test_a_remote_server_without_tls_is_refused(server):
    error = refusal(remote(server))

    assert "does not support SSL" in error.message
    assert "sslmode=disable" in error.remedy


def test_what_the_url_states_is_done(tls_server, server):
    assert is_encrypted(remote(tls_server, sslmode="require"))
    assert not is_encrypted(remote(server, sslmode="disable"))


def test_a_server_on_this_machine_needs_no_authority(tls_server, new_database):
    assert is_encrypted(f"postgresql://postgres@127.0.0.1:{tls_server.port}/postgres")
    assert not is_encrypted(new_database())


def test_an_encrypted_line_is_broken_too(tls_server):
    patience = Patience(silence=0.2, deadline=0.5)
    url = remote(tls_server, sslmode="require")
    connection = WatchedConnection.open(url, patience=patience)
    connection.identify()

    with pytest.raises(psycopg.OperationalError):
        connection.execute("select pg_sleep(60)")

    assert "deadline" in str(connection.verdict)
