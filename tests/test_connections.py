"""Connection settings: TLS for what is not on this machine, no secret in a message."""

import psycopg
import pytest

from pipelines.connections import connection_string, parse_url
from pipelines.errors import ConfigurationError


@pytest.fixture(autouse=True)
def no_outer_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "", "%2Fvar%2Frun%2Fpostgresql"]
)
def test_servers_on_this_machine_need_no_tls(host):
    assert "sslmode" not in parse_url(f"postgresql://user@{host}/name")


def test_other_servers_are_verified():
    settings = parse_url("postgresql+psycopg://user:pass@db.example.com:6543/name")

    assert settings["sslmode"] == "verify-full"
    assert settings["sslrootcert"] == "system"
    assert settings["port"] == "6543"


def test_stated_tls_is_respected():
    url = "postgresql://u@db.example.com/x?sslmode=require"

    assert parse_url(url)["sslmode"] == "require"
    assert "sslrootcert" not in parse_url(url)


def test_given_authority_is_used(monkeypatch):
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/authority.pem")

    assert "sslrootcert" not in parse_url("postgresql://u@db.example.com/x")


def test_bad_url_is_not_repeated():
    with pytest.raises(ConfigurationError) as raised:
        parse_url("postgresql://user:canary@host:port:port/x?nonsense=1")

    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_every_connection_has_a_timeout(server):
    with psycopg.connect(connection_string(server.url("postgres"))) as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "10"
