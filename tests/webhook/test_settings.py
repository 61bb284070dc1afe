"""Which secrets a receiver accepts, and what it says about the others."""

import secrets

import pytest

from pipelines.__main__ import main
from pipelines.errors import ConfigurationError
from pipelines.webhook.settings import (
    MAKE_ONE,
    Integration,
    Secrets,
    read_settings,
)
from tests.webhook.receiving import INTEGRATION, PREVIOUS, SECRET

GOOD = {"WAREHOUSE_URL": "postgresql://localhost/w", "AMOCRM_WEBHOOK_SECRET": SECRET}


@pytest.mark.parametrize(
    "weak",
    [
        "secret",
        SECRET[:42],
        "a" * 64,
        "changeme" * 8,
        "0123456789abcdef" * 4,
        SECRET + "/",
        SECRET + "\n",
        SECRET + "%41",
        "пароль" * 10,
    ],
)
@pytest.mark.parametrize("name", ["AMOCRM_WEBHOOK_SECRET", "_PREVIOUS"])
def test_weak_secret_is_refused_with_the_command_that_makes_a_good_one(name, weak):
    if name == "_PREVIOUS":
        name = "AMOCRM_WEBHOOK_SECRET_PREVIOUS"

    with pytest.raises(ConfigurationError) as refused:
        read_settings({**GOOD, name: weak})

    told = str(refused.value)
    assert told.startswith(f"{name} ")
    assert MAKE_ONE in told
    assert weak == "secret" or weak.strip() not in told


def test_random_secrets_are_accepted():
    for _ in range(200):
        for secret in (secrets.token_urlsafe(32), secrets.token_hex(32)):
            assert Secrets.of(secret).match(secret) == "current"


def test_both_secrets_are_known_apart():
    both = Secrets.of(SECRET, PREVIOUS)

    assert both.match(SECRET) == "current"
    assert both.match(PREVIOUS) == "previous"
    assert both.match("") is None
    assert both.match("\udcff") is None


@pytest.mark.parametrize("given", [SECRET, PREVIOUS, SECRET[:-1], "", "x" * 9999])
@pytest.mark.parametrize("previous", [PREVIOUS, None])
def test_every_candidate_costs_the_same_comparisons(monkeypatch, given, previous):
    """Both digests are compared whole, whether one of them fits or not."""
    both, compared = Secrets.of(SECRET, previous), []
    monkeypatch.setattr(
        "hmac.compare_digest", lambda *pair: compared.append(pair) or pair[0] == pair[1]
    )

    both.match(given)

    assert [tuple(map(len, pair)) for pair in compared] == [(32, 32), (32, 32)]


def test_without_a_second_secret_nothing_else_matches():
    one = Secrets.of(SECRET)

    assert one.match(PREVIOUS) is None
    assert one.match("") is None


def test_settings_never_show_a_secret():
    values = {
        **GOOD,
        "WAREHOUSE_URL": "postgresql://writer:canary@localhost/w",
        "AMOCRM_CLIENT_ID": "c1",
        "AMOCRM_CLIENT_SECRET": "canary",
    }

    told = repr(read_settings(values))

    assert "canary" not in told
    assert SECRET not in told
    assert "client_id='c1'" in told


def test_missing_settings_are_all_named(monkeypatch, capsys):
    for name in ("WAREHOUSE_URL", "AMOCRM_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)

    assert main(["webhook"]) == 2

    told = capsys.readouterr().err
    assert "WAREHOUSE_URL and AMOCRM_WEBHOOK_SECRET" in told
    assert MAKE_ONE in told


def test_signature_of_another_integration_is_not_ours():
    other = Integration("other", INTEGRATION.client_secret)

    assert not other.signed(INTEGRATION.client_id, "1", "")
    assert not INTEGRATION.signed("other", "1", "ü")
