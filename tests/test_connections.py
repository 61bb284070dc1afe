"""Connection settings: TLS for what is not on this machine, no secret in a message."""

import contextlib
import ssl

import psycopg
import pytest

from pipelines.connections import connection_string, parse_url, pooler_kind
from pipelines.errors import ConfigurationError

REMOTE = "db.example.com"


@pytest.fixture(autouse=True)
def no_outer_settings(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in ("SSLMODE", "SSLROOTCERT", "HOST", "HOSTADDR", "SERVICE"):
        monkeypatch.delenv(f"PG{name}", raising=False)
    # A root.crt of whoever runs the tests would count.
    monkeypatch.setenv("HOME", str(tmp_path))
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "", "%2Fvar%2Frun%2Fpostgresql"]
)
def test_servers_on_this_machine_need_no_tls(host):
    assert "sslmode" not in parse_url(f"postgresql://user@{host}/name")


@pytest.mark.parametrize(
    "place",
    [
        f"{REMOTE}/name",
        f"localhost,{REMOTE}/name",
        f"{REMOTE}/name?hostaddr=127.0.0.1",
        "localhost/name?hostaddr=192.0.2.1",
        "/name?service=production",
    ],
)
def test_servers_elsewhere_are_verified(place):
    assert parse_url(f"postgresql://user@{place}")["sslmode"] == "verify-full"


def test_a_server_named_by_the_environment_is_verified(monkeypatch):
    monkeypatch.setenv("PGHOST", REMOTE)

    assert parse_url("postgresql:///name")["sslmode"] == "verify-full"


def test_authorities_of_the_machine_are_trusted():
    # psycopg's wheels bring an OpenSSL that finds none by itself.
    authorities = ssl.get_default_verify_paths().cafile

    for query in ("", "?sslmode=verify-full", "?sslrootcert=system"):
        settings = parse_url(f"postgresql://u@{REMOTE}/x{query}")
        assert settings["sslrootcert"] == authorities
        assert settings["sslmode"] == "verify-full"


@pytest.mark.parametrize("mode", ["require", "disable", "verify-ca"])
def test_stated_tls_is_respected(mode, monkeypatch):
    stated = parse_url(f"postgresql://u@{REMOTE}/x?sslmode={mode}")
    monkeypatch.setenv("PGSSLMODE", mode)
    outer = parse_url(f"postgresql://u@{REMOTE}/x")

    assert stated["sslmode"] == outer["sslmode"] == mode
    assert "sslrootcert" not in stated | outer


def test_given_authority_is_used(monkeypatch):
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/authority.pem")

    settings = parse_url(f"postgresql://u@{REMOTE}/x")

    assert settings["sslmode"] == "verify-full"
    assert "sslrootcert" not in settings


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"]
)
def test_schemes_of_other_tools_are_understood(scheme):
    settings = parse_url(f" {scheme}://user:p%40ss@{REMOTE}:6543/name\n")

    assert settings["password"] == "p@ss"
    assert settings["port"] == "6543"


def test_parameters_of_dashboards_are_dropped():
    settings = parse_url(
        "postgres://postgres.ref:pw@aws-0-eu.pooler.example.com:6543/postgres?pgbouncer="
        "true&connection_limit=1&supa=base-pooler.x&pool_mode=transaction&ssl=true"
        "&schema=public&connect_timeout=3"
    )

    assert settings["connect_timeout"] == "3"
    assert settings["sslmode"] == "verify-full"
    assert not settings.keys() & {"pgbouncer", "connection_limit", "supa", "pool_mode"}


@pytest.mark.parametrize("name", ["nonsense", "schema"])
def test_unknown_parameter_is_named_without_its_value(name):
    with pytest.raises(ConfigurationError, match=f"`{name}`") as raised:
        parse_url(f"postgresql://user:canary@{REMOTE}/x?{name}=canary")

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "login",
    [
        "u:can@ary",
        "u:can@a/ry",
        "u:can/ary",
        "u:12/can?ary=x",
        "u:can?a/ry",
        "u:can%ary",
        "u:can:a/ry",
        "u:can ary@",
        "u:[canary]",
        "u:canary@host:port:port",
    ],
)
def test_a_password_that_is_not_encoded_is_explained_and_not_shown(login):
    with pytest.raises(ConfigurationError) as raised:
        parse_url(f"postgresql://{login}@{REMOTE}:5432/name")

    assert "can" not in str(raised.value).replace("cannot", "")
    assert "%40" in str(raised.value) or "square brackets" in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize("host", ["db..example.com", f"{'x' * 64}.example.com"])
def test_a_host_name_that_cannot_be_is_refused(host):
    with pytest.raises(ConfigurationError, match="host name"):
        parse_url(f"postgresql://user@{host}/name")


def test_harmless_characters_need_no_encoding():
    settings = parse_url(f"postgresql://u:a:b?c#d&e=f+g@{REMOTE}/name")

    assert settings["password"] == "a:b?c#d&e=f+g"
    assert settings["host"] == REMOTE


def test_an_empty_url_does_not_lead_to_a_server_that_happens_to_run_here():
    with pytest.raises(ConfigurationError, match="empty"):
        parse_url("  ")


def test_of_several_servers_the_one_that_takes_writes_is_written():
    url = "postgresql://u@a.example.com,b.example.com/x"

    assert "target_session_attrs=read-write" in connection_string(url, writes=True)
    assert "target_session_attrs" not in connection_string(url)
    one = connection_string(f"postgresql://u@{REMOTE}/x", writes=True)
    assert "target_session_attrs" not in one


def test_every_connection_has_a_timeout(server):
    with psycopg.connect(connection_string(server.url("postgres"))) as connection:
        assert connection.info.get_parameters()["connect_timeout"] == "10"


def test_a_server_without_a_pooler_is_seen(server):
    opened = psycopg.connect(connection_string(server.url("postgres")))
    with contextlib.closing(opened) as connection:
        assert pooler_kind(connection) == "direct or session"


def test_a_pooler_is_not_looked_for_inside_a_transaction(server):
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("select 1")

        with pytest.raises(ValueError, match="inside a transaction"):
            pooler_kind(connection)
