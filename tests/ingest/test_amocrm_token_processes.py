"""Several programs share one integration's tokens, and any of them may be killed."""

import queue
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipelines.errors import AuthError
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.ingest.amocrm.config import OAuthApp
from pipelines.ingest.amocrm.tokens import AUTHORISE, StoredToken
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from tests.amocrm_world import small_world
from tests.conftest import NewDatabase
from tests.faults.plans import AtStatement
from tests.faults.proxy import Proxy
from tests.ingest.token_house import KEY, NOW, House, Job, Program, open_house


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture(params=("strict", "grace"))
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


@pytest.mark.parametrize(("mode", "heals"), [("grace", True), ("strict", False)])
def test_the_sandbox_loses_an_answer_with_the_same_end(warehouse, mode, heals):
    behaviour = Behaviour(token_mode=mode, lose_refresh_answer=1)
    desk = behaviour.desk
    app = OAuthApp(
        desk.client_id,
        desk.client_secret,
        token_key=KEY,
        refresh_token=desk.refresh_token,
        redirect_uri=desk.redirect_uri,
    )

    with serve(amocrm_app(small_world(), behaviour=behaviour)) as url:
        token = StoredToken(warehouse, url, app)
        with AmocrmClient(url, token) as client:
            if heals:
                assert client.get("account", table="account")
            else:
                with pytest.raises(AuthError, match=r"was lost.*amocrm authorise"):
                    client.get("account", table="account")

    assert behaviour.refreshes == (2 if heals else 1)
