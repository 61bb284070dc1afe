"""The tokens of an integration are stored encrypted, and before they are used."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from pipelines.errors import AuthError, WarehouseError
from pipelines.ingest.amocrm.token_keys import Keys
from tests.conftest import NewDatabase
from tests.faults.plans import AtStatement
from tests.faults.proxy import Proxy
from tests.ingest.token_house import DAY, KEY, NOW, Clock, House, open_house


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def strict(warehouse: str) -> Iterator[House]:
    with open_house(warehouse) as opened:
        yield opened


@pytest.mark.parametrize("given", ["", "too short", "я" * 44])
def test_a_missing_or_malformed_key_is_named(strict: House, given):
    with pytest.raises(AuthError, match="AMOCRM_TOKEN_KEY is no"):
        strict.token(token_key=given)


def test_another_key_cannot_read_the_tokens_and_says_so(strict: House):
    other = Fernet.generate_key().decode()

    with pytest.raises(AuthError, match="cannot be read with AMOCRM_TOKEN_KEY") as said:
        strict.token(token_key=other).header()
    assert other not in str(said.value)
    # Both together: the first one writes from now on.
    assert strict.token(token_key=f"{other},{KEY}").header() == "Bearer access-2"
    assert strict.token(token_key=other).header() == "Bearer access-2"


def test_no_token_stands_in_the_warehouse_as_it_is(strict: House):
    strict.ask(strict.token())

    pairs = strict.run("select access_token, refresh_token from raw.amocrm__tokens")
    old = strict.run("select refresh_token, '' from raw.amocrm__token_generations")
    assert len(old) == 1
    for row in pairs + old:
        assert b"ccess-" not in bytes(row[0]) + bytes(row[1] or b"")
    assert Keys(KEY).decrypt(old[0][0]) == "refresh-1"


@pytest.mark.parametrize(
    ("expires_in", "due"),
    [
        (86_400, timedelta(hours=19.2)),
        ("86400", timedelta(hours=19.2)),
        (None, timedelta(hours=19.2)),
        ("soon", timedelta(hours=19.2)),
        (-5, timedelta(hours=19.2)),
        (1, timedelta(minutes=1)),
        (10**12, timedelta(days=7)),
    ],
)
def test_a_pair_is_renewed_in_time_whatever_its_life(strict: House, expires_in, due):
    strict.server.expires_in = expires_in

    pair = strict.token().keep_alive()

    assert pair.due_at - NOW == due


def test_a_warehouse_that_goes_back_in_time_gets_the_newer_pair_again(strict: House):
    clock = Clock()
    token = strict.token(clock)
    old = strict.store.read()
    token.header()
    strict.empty()
    strict.store.advance(old)
    clock.now += DAY

    assert token.header() == "Bearer access-3"
    assert strict.store.read().generation == 3


def test_a_pair_is_stored_over_a_new_connection_when_the_commit_fails(strict: House):
    with Proxy(strict.warehouse) as proxy:
        clock = Clock()
        strict.warehouse, real = proxy.url(), strict.warehouse
        token = strict.token(clock)
        cut = AtStatement(text="update raw.amocrm__tokens", effect="reset")
        proxy.plan(cut)

        assert token.header() == "Bearer access-2"

        strict.warehouse = real
    assert clock.slept == [1]
    assert strict.server.exchanges == 1
    assert strict.store.read().generation == 2


def test_a_pair_that_cannot_be_stored_is_not_used(strict: House):
    with Proxy(strict.warehouse) as proxy:
        clock = Clock()
        strict.warehouse, real = proxy.url(), strict.warehouse
        token = strict.token(clock)
        cut = AtStatement(text="update raw.amocrm__tokens", effect="reset")
        proxy.plan(cut, then_refuse=True)

        with pytest.raises(WarehouseError, match="did not take them"):
            token.header()
        proxy.heal()
        assert token.header() == "Bearer access-2"

        strict.warehouse = real
    assert strict.server.exchanges == 1
