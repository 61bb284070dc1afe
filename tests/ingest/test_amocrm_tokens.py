"""The tokens of an integration: renewed once for all, and never lost unsaid."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceUnreachable,
)
from pipelines.ingest.amocrm.tokens import AUTHORISE
from tests.conftest import NewDatabase
from tests.ingest.token_house import (
    NOW,
    Clock,
    House,
    open_house,
)
from tests.token_server import SECRET

HALF = '{"access_token": "access-9", "refr'


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def strict(warehouse: str) -> Iterator[House]:
    with open_house(warehouse) as opened:
        yield opened


@pytest.mark.parametrize(
    "answer", [Response(HALF), Response(status_code=500), HTMLResponse("<html>")]
)
def test_a_lost_answer_is_asked_for_again_with_the_same_token(warehouse, answer):
    with open_house(warehouse, "grace") as house:
        house.server.lost.append(answer)

        assert house.ask(house.token())

        assert house.server.exchanges == 2
        assert house.store.read().generation == 2


def test_a_lost_answer_of_a_strict_server_needs_a_new_authorisation(strict: House):
    strict.server.lost.append(Response(HALF))

    with pytest.raises(AuthError, match="was lost") as caught:
        strict.ask(strict.token())

    assert AUTHORISE in str(caught.value)
    for secret in ("refresh-1", "access-9", SECRET):
        assert secret not in str(caught.value)
    # The next run knows why, too.
    with pytest.raises(AuthError, match="was lost"):
        strict.ask(strict.token())


def test_what_no_answer_came_for_is_asked_for_by_the_next_run(warehouse):
    with open_house(warehouse, "grace") as house:
        house.server.lost.extend([Response(HALF), Response(HALF)])
        with pytest.raises(SourceUnreachable, match="may have been renewed"):
            house.ask(house.token())

        assert house.ask(house.token())


def test_an_old_token_is_used_while_it_lives_and_the_server_of_tokens_is_away(strict):
    pair = strict.put(obtained_at=NOW - timedelta(hours=20))
    clock = Clock()
    token = strict.token(clock)
    strict.server.refused.append(Response(status_code=429))

    assert pair.due_at < NOW < pair.expires_at
    assert token.header() == "Bearer access-1"
    clock.now += timedelta(minutes=6)
    assert token.header() == "Bearer access-2"


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (403, AuthError), (404, ProtocolError)]
)
def test_an_exchange_that_was_refused_leaves_no_mark(strict: House, status, kind):
    strict.server.refused.append(JSONResponse({"title": "no"}, status_code=status))

    with pytest.raises(kind):
        strict.token().header()

    assert strict.run("select from raw.amocrm__token_generations") == []
    assert strict.token().header() == "Bearer access-2"


def test_a_server_that_cannot_be_reached_leaves_no_mark(strict: House):
    strict.url = "http://127.0.0.1:9"
    strict.put()

    with pytest.raises(SourceUnreachable, match="does not answer"):
        strict.token().header()

    assert strict.run("select from raw.amocrm__token_generations") == []


def test_a_fresh_token_that_is_refused_is_not_renewed(strict: House):
    strict.put(obtained_at=NOW, access_token="access-0")

    with pytest.raises(AuthError, match="HTTP 401") as caught:
        strict.ask(strict.token())

    assert AUTHORISE in str(caught.value)
    assert strict.server.exchanges == 0


def test_a_clock_that_was_set_back_does_not_make_a_token_fresh(strict: House):
    strict.put(obtained_at=NOW + timedelta(hours=3), access_token="access-0")

    assert strict.ask(strict.token())
    assert strict.server.exchanges == 1


def test_a_removed_integration_is_said_to_need_authorisation(strict: House):
    strict.server.revoke()
    strict.put(obtained_at=NOW - timedelta(hours=2))

    with pytest.raises(AuthError, match="integration was removed") as caught:
        strict.ask(strict.token())

    assert AUTHORISE in str(caught.value)


@pytest.mark.parametrize(("days", "why"), [(20, "backup"), (100, "three months")])
def test_an_old_pair_tells_why_it_may_be_dead(strict: House, days, why):
    strict.server.revoke()
    strict.put(obtained_at=NOW - timedelta(days=days))

    with pytest.raises(AuthError, match=why):
        strict.token().header()


def test_the_first_token_comes_from_the_settings(strict: House):
    strict.empty()

    assert strict.ask(strict.token(refresh_token="refresh-1"))

    assert strict.store.read().generation == 1
    assert strict.ask(strict.token())
    assert strict.server.exchanges == 1


def test_without_any_token_the_steps_are_told(strict: House):
    strict.empty()

    with pytest.raises(AuthError, match="no tokens") as caught:
        strict.token().header()

    assert AUTHORISE in str(caught.value)


def test_a_new_token_in_the_settings_heals_a_dead_chain(strict: House):
    strict.put(refresh_token="refresh-77")

    assert strict.token(refresh_token="refresh-1").header() == "Bearer access-2"
    # It is used up by now, and not tried again and again.
    strict.server.revoke()
    strict.put(refresh_token="refresh-1")
    with pytest.raises(AuthError):
        strict.token(refresh_token="refresh-1").header()
    assert len(strict.server.requests) == 3
