"""Every request to AmoCRM stands in a ledger, which breaks nothing when it cannot."""

from datetime import timedelta

import psycopg
import pytest

from pipelines.extract.amocrm.requests import Call
from pipelines.ingest.amocrm.calls import CallLog
from tests.conftest import NewDatabase
from tests.ingest.token_house import Clock


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def call(path: str = "leads", **more) -> Call:
    given = {
        "status": 200,
        "milliseconds": 120,
        "waited_ms": 200,
        "retry_after": None,
        "server_date": None,
    }
    return Call("leads", path, **given | more)


@pytest.fixture
def calls(warehouse: str):
    """Return a function that reads the ledger, which is empty."""

    def read() -> list[tuple]:
        with psycopg.connect(warehouse) as connection:
            return connection.execute(
                "select run_id, table_name, path, status, milliseconds, waited_ms, "
                "retry_after from raw.amocrm__api_calls order by call_id"
            ).fetchall()

    with psycopg.connect(warehouse) as connection:
        connection.execute("truncate raw.amocrm__api_calls")
    return read


def test_calls_are_written_in_batches(warehouse, calls, clock):
    with CallLog(warehouse, "run-1", clock=clock.read) as log:
        for _ in range(199):
            log(call())
        assert len(calls()) == 0
        log(call(status=None))
        assert len(calls()) == 200
        log(call())
        clock.now += timedelta(seconds=31)
        log(call(status=429, retry_after=1e8))
        assert len(calls()) == 202

    assert calls()[-1] == ("run-1", "leads", "leads", 429, 120, 200, 100_000_000)


def test_calls_older_than_a_month_are_forgotten(warehouse, calls, clock):
    with CallLog(warehouse, "old", clock=clock.read) as log:
        log(call())
    clock.now += timedelta(days=31)

    with CallLog(warehouse, "new", clock=clock.read) as log:
        log(call())

    assert [row[0] for row in calls()] == ["new"]


def test_a_ledger_that_cannot_be_written_breaks_nothing(warehouse, clock, caplog):
    gone = warehouse.replace("/test_", "/gone_")

    with CallLog(gone, "run-1", clock=clock.read) as log:
        for _ in range(2000):
            log(call())

    assert len(caplog.records) == 3
    assert "200 requests are not in the ledger" in caplog.text
