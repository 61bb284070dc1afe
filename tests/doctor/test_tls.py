"""What the doctor says of the way to a remote server: open, half closed, closed."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pipelines.doctor.servers import check_tls
from pipelines.doctor.sessions import open_session
from pipelines.sandbox.server import PostgresServer
from tests.doctor.looking import examine, leads_table, of, said, source
from tests.faults.tls import TlsFront

# Remote by its name; `hostaddr` leads the name to this machine.
NAME = "db.example.test"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def remote(server: PostgresServer, authority: trustme.CA) -> Iterator[str]:
    """Return the URL of a server with a certificate, behind a name of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    with TlsFront(server.url("postgres"), context) as front:
        place = f"{NAME}:{front.port}/postgres?hostaddr=127.0.0.1"
        yield f"postgresql://postgres@{place}"


def test_an_encrypted_and_verified_way_is_well(
    remote: str, authority: trustme.CA, tmp_path: Path
):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    url = f"{remote}&sslrootcert={path}"

    with open_session(url, system="landing", variable="X") as session:
        remarks = list(check_tls(session, "X"))

    assert [remark.state for remark in remarks] == ["ok"]
    assert "verified" in said(remarks, "ok")


def test_an_encrypted_way_to_an_unverified_server_is_a_warning(remote: str):
    url = f"{remote}&sslmode=require"

    with open_session(url, system="landing", variable="X_URL") as session:
        remarks = list(check_tls(session, "X_URL"))

    assert "sslmode=require" in said(remarks, "warning")
    assert "X_URL" in said(remarks, "warning")


def test_a_certificate_that_nobody_vouches_for_names_both_variables(remote: str):
    errors = said(of(examine(source(remote, leads_table())), "landing"), "error")

    assert "PGSSLROOTCERT" in errors
    assert "LANDING_DATABASE_URL" in errors


def test_a_remote_superuser_is_an_error_in_any_environment(remote: str):
    findings = examine(source(f"{remote}&sslmode=require", leads_table()))

    assert "superuser" in said(of(findings, "landing", "role"), "error")
