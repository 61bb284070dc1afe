"""An operator gives the pipeline its first tokens, or new ones, by one command."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.responses import Response

from pipelines.__main__ import main
from pipelines.errors import AuthError, ConfigurationError, SourceError
from pipelines.extract.amocrm.answers import place_of
from pipelines.ingest.amocrm.access_command import authorise
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.config import AmocrmConfig
from tests.conftest import NewDatabase
from tests.ingest.token_house import KEY, NOW, House, oauth, open_house
from tests.token_server import CLIENT, CODE, REDIRECT, SECRET


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def house(warehouse: str) -> Iterator[House]:
    with open_house(warehouse) as opened:
        opened.empty()
        yield opened


def authorised(house: House, given: str = CODE, **more: str) -> str:
    config = AmocrmConfig(house.url, oauth=oauth(**more))
    return authorise(
        house.warehouse, config, io.StringIO(given + "\n"), clock=lambda: NOW
    )


def test_a_code_becomes_the_first_pair_which_is_stored_before_it_is_used(house: House):
    said = authorised(house)

    assert "authorised for account 31: tokens of generation 1" in said
    assert "2026-01-06 22:12 UTC" in said
    assert [path for _, path in house.server.requests] == [
        "/oauth2/access_token",
        "/api/v4/account",
    ]
    assert house.ask(house.token()) is not None
    assert house.server.exchanges == 1


def test_an_account_that_answers_again_is_no_longer_banned(house: House):
    place = place_of(house.url) or ""
    budget = SharedBudget(house.warehouse, place, 5)
    budget.after_refusal(403, 0, "a ban")

    authorised(house)

    assert budget.before_call() >= 0
    budget.close()


def test_a_new_authorisation_replaces_a_dead_pair_and_keeps_it(house: House):
    house.put(refresh_token="refresh-77", obtained_at=NOW - timedelta(days=9))
    with pytest.raises(AuthError):
        house.token().header()

    assert "generation 2" in authorised(house)

    kept = house.run("select generation from raw.amocrm__token_generations")
    assert kept == [(1,)]
    assert house.ask(house.token()) is not None


def test_a_pair_whose_key_is_lost_can_be_replaced(house: House):
    house.put()
    other = "a" * 43 + "="

    assert "generation 2" in authorised(house, token_key=other)


@pytest.mark.parametrize("given", ["wrong-code", "https://x.example.com/?code=wrong"])
def test_a_wrong_code_tells_where_to_get_another(house: House, given):
    with pytest.raises(AuthError, match=r"HTTP 400.*copy a new code") as caught:
        authorised(house, given)

    assert SECRET not in str(caught.value)
    assert house.run("select from raw.amocrm__tokens") == []


def test_a_lost_answer_to_a_code_needs_another_code(house: House):
    house.server.lost.append(Response("{"))

    with pytest.raises(AuthError, match="copy a new code"):
        authorised(house)


def test_what_is_wrong_in_the_settings_costs_no_code(house: House):
    with pytest.raises(SourceError, match="AMOCRM_TOKEN_KEY"):
        authorised(house, token_key="")
    with pytest.raises(ConfigurationError, match="needs no authorisation"):
        config = AmocrmConfig(house.url, "a-long-lived-token")
        authorise(house.warehouse, config, io.StringIO(CODE))
    with pytest.raises(ConfigurationError, match="no code was given"):
        authorised(house, "")

    assert house.server.requests == []


@pytest.fixture
def environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "WAREHOUSE_URL": house.warehouse,
        "AMOCRM_BASE_URL": house.url,
        "AMOCRM_ACCESS_TOKEN": "",
        "AMOCRM_CLIENT_ID": CLIENT,
        "AMOCRM_CLIENT_SECRET": SECRET,
        "AMOCRM_REDIRECT_URI": REDIRECT,
        "AMOCRM_TOKEN_KEY": KEY,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environment")
def test_the_command_reads_the_code_from_its_input(house: House, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(CODE))

    assert main(["amocrm", "authorise"]) == 0

    assert "authorised for account 31" in capsys.readouterr().out


@pytest.mark.usefixtures("environment")
def test_the_command_ends_a_ban(house: House, capsys):
    budget = SharedBudget(house.warehouse, place_of(house.url) or "", 5)
    budget.after_refusal(403, 0, "a ban (HTTP 403: nginx)")

    assert main(["amocrm", "unblock"]) == 0
    assert main(["amocrm", "unblock"]) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert "a ban (HTTP 403: nginx)" in first
    assert "nothing held requests" in second
    assert budget.before_call() >= 0
    budget.close()


@pytest.mark.usefixtures("environment")
def test_a_refused_code_is_an_exit_code(house: House, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong"))

    assert main(["amocrm", "authorise"]) == 2
    assert "copy a new code" in capsys.readouterr().err
