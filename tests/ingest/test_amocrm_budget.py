"""All processes take their turns with AmoCRM from one row, and hear each other."""

import itertools
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from starlette.responses import HTMLResponse, JSONResponse

from pipelines.errors import AuthError, RateLimited, WarehouseError
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.connecting import open_client
from pipelines.load.log import RunInfo
from pipelines.sandbox.serving import serve
from tests.conftest import NewDatabase
from tests.scripted_server import Scripted

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOST = "school.amocrm.ru"
RUN = RunInfo("run-1", NOW)


class Clock:
    """One time for all processes, which passes while one of them sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def read(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.slept.append(round(seconds, 3))


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(warehouse: str, clock: Clock):
    """Return a function that opens a budget, as another process would."""
    with psycopg.connect(warehouse) as connection:
        connection.execute("truncate raw.amocrm__budget")
    opened = []

    def budget(*, per_second: float = 5, **more) -> SharedBudget:
        time = {"sleep": clock.sleep, "now": clock.read}
        opened.append(SharedBudget(warehouse, HOST, per_second, **time, **more))
        return opened[-1]

    yield budget
    for one in opened:
        one.close()


def test_the_turns_of_all_processes_are_evenly_spaced(budgets, clock):
    first, second, third = (budgets() for _ in range(3))
    times = []

    for budget in [first, second, third, first, third]:
        budget.before_call()
        times.append(clock.now)

    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps == [timedelta(seconds=0.2)] * 4


def test_no_two_processes_get_the_same_turn(budgets, warehouse):
    turns: list[float] = []

    def take_turns() -> None:
        # Time stands still, so that each turn is known by the wait for it.
        time = {"sleep": lambda _: None, "now": lambda: NOW}
        budget = SharedBudget(warehouse, HOST, 5, **time)
        turns.extend(budget.before_call() for _ in range(20))
        budget.close()

    budgets()
    threads = [threading.Thread(target=take_turns) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(turns) == pytest.approx([0.2 * number for number in range(80)])


def test_a_quiet_account_is_asked_at_once(budgets, clock):
    budget = budgets()
    budget.before_call()
    clock.now += timedelta(seconds=0.5)

    assert budget.before_call() == 0
    assert clock.slept == []


def test_a_wait_that_one_is_told_holds_all_of_them_up(budgets, clock):
    refused, other = budgets(), budgets()
    refused.before_call()

    until = refused.after_refusal(429, 300, "too many")

    assert until == NOW + timedelta(seconds=300)
    assert other.before_call() == 300
    assert clock.slept == [300]


def test_a_shorter_wait_does_not_shorten_a_longer_one(budgets, clock):
    one, other = budgets(), budgets()
    one.after_refusal(429, 300, "too many")
    other.after_refusal(429, 2, "too many")

    assert one.before_call() == 300


def test_a_wait_longer_than_the_run_may_take_ends_only_this_run(budgets, clock):
    budgets().after_refusal(429, 300, "too many")

    with pytest.raises(RateLimited, match=r"until 03:05:00 UTC.*longer than this run"):
        budgets(max_wait_seconds=60).before_call()
    assert clock.slept == []
    assert budgets().before_call() == 300


def test_no_answer_makes_everybody_wait_for_more_than_a_day(budgets):
    until = budgets().after_refusal(429, 1e8, "too many")

    assert until == NOW + timedelta(days=1)


def test_who_waits_for_a_turn_hears_of_a_refusal_meanwhile(warehouse, budgets, clock):
    other = budgets()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            other.after_refusal(429, 60, "too many")

    waiting = SharedBudget(warehouse, HOST, 5, sleep=sleep, now=clock.read)
    other.before_call()
    waiting.before_call()
    waiting.close()

    assert clock.slept == [0.2, 60]


def test_a_ban_stops_all_processes_and_says_when_it_is_tried_again(budgets, clock):
    banned, other = budgets(), budgets()
    banned.before_call()
    other.before_call()

    banned.after_refusal(403, 0, "a ban (HTTP 403: nginx)")
    # It was under way, and is refused as well: that is the same ban.
    other.after_refusal(403, 0, "a ban (HTTP 403: nginx)")

    for budget in (banned, other, budgets()):
        with pytest.raises(AuthError, match="HTTP 403: nginx") as caught:
            budget.before_call()
        assert "until 2026-01-06 04:00 UTC nothing is asked" in str(caught.value)
        assert "AmoCRM's support" in str(caught.value)


def test_after_an_hour_one_process_tries_out_the_ban(budgets, clock):
    one, other = budgets(), budgets()
    one.after_refusal(403, 0, "a ban")
    clock.now += HOUR

    one.before_call()
    with pytest.raises(AuthError, match="04:03 UTC"):
        other.before_call()
    one.after_success()

    assert other.before_call() >= 0
    assert other.state().blocks == 0


def test_a_ban_that_stays_is_tried_out_ever_later(budgets, clock):
    budget, waits = budgets(), []

    for _ in range(7):
        clock.now = (budget.state().blocked_until or clock.now) + timedelta(seconds=1)
        budget.before_call()
        until = budget.after_refusal(403, 0, "a ban")
        waits.append((until - clock.now) / HOUR)

    assert waits == [1, 2, 4, 8, 16, 24, 24]


def test_who_tries_out_a_ban_and_dies_leaves_it_to_another(budgets, clock):
    budgets().after_refusal(403, 0, "a ban")
    clock.now += HOUR
    budgets().before_call()
    clock.now += timedelta(minutes=4)

    assert budgets().before_call() == 0


def test_a_ban_that_support_has_lifted_is_forgotten(budgets):
    budgets().after_refusal(403, 0, "a ban")

    budgets().free()

    assert budgets().before_call() == 0


def test_a_clock_that_was_set_back_holds_nobody_up(budgets, clock):
    clock.now += 2 * HOUR
    budgets().before_call()
    clock.now -= 2 * HOUR

    assert budgets().before_call() == 0


def test_a_slow_rate_is_kept_even_so(budgets, clock):
    one, other = budgets(per_second=0.01), budgets(per_second=0.01)
    for budget in (one, other, one):
        budget.before_call()

    assert clock.now - NOW == timedelta(seconds=200)


def test_without_the_warehouse_amocrm_is_not_asked(budgets, warehouse):
    budget = SharedBudget(warehouse.replace("/test_", "/gone_"), "school", 5)

    with pytest.raises(WarehouseError, match="gone_"):
        budget.before_call()


def test_a_cut_connection_is_opened_again(budgets, warehouse):
    budget = budgets()
    budget.before_call()
    with psycopg.connect(warehouse, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )

    assert budget.before_call() > 0


def test_a_missing_table_is_an_error_of_the_warehouse(new_database):
    budget = SharedBudget(new_database(), "school", 5)

    with pytest.raises(WarehouseError, match=r"amocrm__budget.* does not exist"):
        budget.before_call()
    budget.close()


def test_a_client_of_a_run_shares_turns_and_keeps_its_ledger(warehouse, budgets):
    page = Scripted({"id": 31}, JSONResponse({"title": "no"}, status_code=403))

    with serve(page) as url:
        config = AmocrmConfig(url, "a-token", requests_per_second=1000)
        with open_client(warehouse, config, RUN) as client:
            client.get("account", table="account")
            with pytest.raises(AuthError, match="may not ask for users/11"):
                client.get("users/11", table="users")

    with psycopg.connect(warehouse) as connection:
        calls = connection.execute(
            "select run_id, table_name, path, status from raw.amocrm__api_calls "
            "order by call_id"
        ).fetchall()
    assert calls == [
        ("run-1", "account", "account", 200),
        ("run-1", "users", "users/{id}", 403),
    ]


def test_a_banned_run_stops_the_next_run_before_it_asks(warehouse, budgets):
    page = Scripted(HTMLResponse("<h1>403 Forbidden</h1>", status_code=403))

    with serve(page) as url:
        config = AmocrmConfig(url, "a-token", requests_per_second=1000)
        for table in ("account", "leads"):
            with (
                open_client(warehouse, config, RUN) as client,
                pytest.raises(AuthError, match="nothing is asked, then once"),
            ):
                client.get(table, table=table)

    assert len(page.requests) == 1
