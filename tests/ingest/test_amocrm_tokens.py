"""The tokens of an integration: renewed once for all, and never lost unsaid."""

import queue
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceUnreachable,
    WarehouseError,
)
from pipelines.ingest.amocrm.token_keys import Keys
from pipelines.ingest.amocrm.tokens import AUTHORISE
from tests.conftest import NewDatabase
from tests.faults.plans import AtStatement
from tests.faults.proxy import Proxy
from tests.ingest.token_house import (
    DAY,
    KEY,
    NOW,
    Clock,
    House,
    Job,
    Program,
    open_house,
)
from tests.token_server import SECRET

MODES = ("strict", "grace")
HALF = '{"access_token": "access-9", "refr'


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture(params=MODES)
def house(warehouse: str, request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(warehouse, request.param) as opened:
        yield opened


@pytest.fixture
def strict(warehouse: str) -> Iterator[House]:
    with open_house(warehouse) as opened:
        yield opened


def test_eight_processes_renew_the_tokens_once(house: House):
    job = Job(house.warehouse, house.url, times=3)

    programs = [Program(job) for _ in range(8)]

    assert [program.report() for program in programs] == ["asked"] * 8
    assert house.server.exchanges == 1
    assert house.store.read().generation == 2


def test_processes_whose_token_is_refused_renew_it_once(strict: House):
    # The row says that it lives, the server does not.
    strict.put(access_token="access-0", obtained_at=NOW - timedelta(hours=1))

    programs = [Program(Job(strict.warehouse, strict.url)) for _ in range(4)]

    assert [program.report() for program in programs] == ["asked"] * 4
    assert strict.server.exchanges == 1


def test_a_program_killed_anywhere_heals_or_says_what_to_do(strict: House):
    with Proxy(strict.warehouse) as proxy:
        proxy.plan()
        assert Program(Job(proxy.url(), strict.url)).report() == "asked"
        last = len(proxy.statements)
        begun = _number_of("insert into raw.amocrm__token_generations", proxy)
        writing = _number_of("insert into raw.amocrm__tokens", proxy)
        # The note, its commit, the new pair, its commit: killed before each, or after.
        assert (begun, last) == (writing - 2, writing + 3)
        reports = [
            _killed(strict, proxy, number, when)
            for number, when in [
                (begun, "before"),
                (begun + 1, "before"),
                (writing, "before"),
                (last, "before"),
                (last, "after"),
            ]
        ]

    # Only between the answer of AmoCRM and the end of the commit is a pair lost.
    assert [report == "asked" for report in reports] == [True, True, False, False, True]
    for report in reports[2:4]:
        assert (
            "the answer to the exchange begun at 2026-01-06 03:00 UTC was lost"
            in report
        )
        assert AUTHORISE in report


def test_on_a_patient_server_a_killed_program_loses_nothing(warehouse: str):
    with open_house(warehouse, "grace") as house, Proxy(warehouse) as proxy:
        proxy.plan()
        assert Program(Job(proxy.url(), house.url)).report() == "asked"
        writing = _number_of("insert into raw.amocrm__tokens", proxy)

        assert _killed(house, proxy, writing, "before") == "asked"


def _number_of(text: str, proxy: Proxy) -> int:
    (number,) = [n for n, one in enumerate(proxy.statements, start=1) if text in one]
    return number


def _killed(house: House, proxy: Proxy, number: int, when: Any) -> str:
    """Kill a program at a statement; return what the next one says."""
    house.server.newest += 1
    newest = house.server.newest
    house.server.alive = {newest}
    house.put(access_token=f"access-{newest}", refresh_token=f"refresh-{newest}")
    programs: queue.Queue[Program] = queue.Queue()
    kill = AtStatement(
        number, when=when, effect="fin", do=lambda: programs.get(timeout=10).kill()
    )
    proxy.plan(kill)
    program = Program(Job(proxy.url(), house.url))
    programs.put(program)
    assert program.report() == "killed"
    assert proxy.wait_fired(5)
    proxy.heal()
    try:
        house.ask(house.token())
    except AuthError as error:
        return str(error)
    return "asked"


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
