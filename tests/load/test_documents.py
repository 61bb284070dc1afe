"""Loading API documents against a real server."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from pipelines.catalog import Catalog, Column, Table
from pipelines.errors import LoadRefused, ProtocolError
from pipelines.load.documents import (
    append_documents,
    replace_documents,
    replace_window,
    upsert_documents,
)
from pipelines.load.log import LoadResult, RunInfo
from pipelines.warehouse import connect, prepare
from tests.conftest import NewDatabase

RUN = RunInfo("run-1", datetime(2026, 1, 6, 3, tzinfo=UTC))
WINDOW = (date(2026, 1, 1), date(2026, 1, 3))
ADS = "facebook__ads"
DAYS = "facebook__ad_insights"


def declared(name: str, key: tuple[str, ...], **types: str) -> Table:
    columns = tuple(Column(column, data_type) for column, data_type in types.items())
    return Table("facebook", name, name, key, columns)


CATALOG = Catalog(
    (
        declared(ADS, ("ad_id",), ad_id="text", account_id="text", payload="jsonb"),
        declared(
            DAYS,
            ("account_id", "ad_id", "stat_date"),
            account_id="text",
            ad_id="text",
            stat_date="date",
            payload="jsonb",
        ),
    )
)


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    url = new_database()
    with connect(url) as connection:
        prepare(connection, CATALOG)
    return url


@pytest.fixture
def warehouse(url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(url) as connection:
        yield connection


def ad(number: int, **payload: object) -> dict[str, object]:
    return {"ad_id": str(number), "account_id": "act_1", "payload": payload or {"n": 1}}


def day(
    number: int, *, account: str = "act_1", spend: str = "1.5"
) -> dict[str, object]:
    return {
        "account_id": account,
        "ad_id": "7",
        "stat_date": date(2026, 1, number),
        "payload": {"spend": spend},
    }


def living(warehouse: psycopg.Connection[Any], table: str = ADS) -> list[Any]:
    query = f"select payload from raw.{table} where _deleted_at is null order by 1"
    return [payload for (payload,) in warehouse.execute(query)]


def test_full_read_inserts_updates_deletes_and_revives(warehouse):
    rows = [ad(1), ad(2), ad(3)]

    first = replace_documents(warehouse, ADS, rows, run=RUN)
    again = replace_documents(warehouse, ADS, rows, run=RUN)
    changed = replace_documents(warehouse, ADS, [ad(1), ad(2, n=2)], run=RUN)
    back = replace_documents(warehouse, ADS, [ad(1), ad(2, n=2), ad(3)], run=RUN)

    assert first == LoadResult(3, rows_inserted=3)
    assert again == LoadResult(3)
    assert changed == LoadResult(2, rows_updated=1, rows_deleted=1)
    assert back == LoadResult(3, rows_updated=1)
    assert len(living(warehouse)) == 3


def test_unchanged_rows_are_not_written(warehouse):
    replace_documents(warehouse, ADS, [ad(1), ad(2)], run=RUN)
    query = "select ctid, _loaded_at, _run_id from raw.facebook__ads where ad_id = '1'"
    before = warehouse.execute(query).fetchone()

    replace_documents(warehouse, ADS, [ad(1), ad(2, n=3)], run=RunInfo("2", RUN.as_of))

    assert warehouse.execute(query).fetchone() == before


def test_partial_read_deletes_nothing(warehouse):
    upsert_documents(warehouse, ADS, [ad(1), ad(2)], run=RUN)

    result = upsert_documents(warehouse, ADS, [ad(2, n=5)], run=RUN)

    assert result == LoadResult(1, rows_updated=1)
    assert len(living(warehouse)) == 2


def test_appended_documents_never_change(warehouse):
    append_documents(warehouse, ADS, [ad(1)], run=RUN)

    result = append_documents(warehouse, ADS, [ad(1, n=9), ad(2)], run=RUN)

    assert result == LoadResult(2, rows_inserted=1)
    assert living(warehouse) == [{"n": 1}, {"n": 1}]


def test_full_read_of_a_scope_leaves_the_others(warehouse):
    other = {**ad(9), "account_id": "act_2"}
    replace_documents(warehouse, ADS, [ad(1), other], run=RUN)

    scope = {"account_id": "act_1"}
    result = replace_documents(warehouse, ADS, [], run=RUN, scope_columns=scope)

    assert result == LoadResult(rows_deleted=1)
    assert len(living(warehouse)) == 1


def window(
    warehouse: psycopg.Connection[Any], rows: list[dict[str, object]]
) -> LoadResult:
    scope = {"account_id": "act_1"}
    return replace_window(
        warehouse, DAYS, rows, run=RUN, scope_columns=scope, window=WINDOW
    )


def test_window_replaces_its_days_of_its_account_only(warehouse):
    seed = [day(1), day(3), day(4), day(2, account="act_2")]
    upsert_documents(warehouse, DAYS, seed, run=RUN)

    result = window(warehouse, [day(1), day(2)])

    assert result == LoadResult(2, rows_inserted=1, rows_deleted=1)
    query = (
        "select account_id, stat_date from raw.facebook__ad_insights "
        "where _deleted_at is null order by 1, 2"
    )
    assert warehouse.execute(query).fetchall() == [
        ("act_1", date(2026, 1, 1)),
        ("act_1", date(2026, 1, 2)),
        ("act_1", date(2026, 1, 4)),
        ("act_2", date(2026, 1, 2)),
    ]


@pytest.mark.parametrize("stranger", [day(4), day(2, account="act_2")])
def test_row_outside_the_window_is_refused(warehouse, stranger):
    with pytest.raises(ProtocolError, match="1 rows lie outside"):
        window(warehouse, [day(1), stranger])


def test_last_of_two_rows_with_one_key_wins(warehouse):
    result = replace_documents(warehouse, ADS, [ad(1, n=1), ad(1, n=2)], run=RUN)

    assert result == LoadResult(2, rows_inserted=1)
    assert living(warehouse) == [{"n": 2}]


def test_row_without_a_key_names_table_and_place(warehouse):
    with pytest.raises(ProtocolError, match=r"facebook\.ads.*row 2 has no ad_id"):
        upsert_documents(warehouse, ADS, [ad(1), {"payload": {}}], run=RUN)


def test_what_jsonb_cannot_hold_is_replaced(warehouse):
    hostile = {
        "nul": "a\x00b",
        "half": ["\ud83d", "\U0001f600"],
        "nan": float("nan"),
        "literal": "\\u0000",
        "\x00key": 1,
    }

    upsert_documents(warehouse, ADS, [{**ad(1), "payload": hostile}], run=RUN)

    assert living(warehouse) == [
        {
            "nul": "a\ufffdb",
            "half": ["\ufffd", "\U0001f600"],
            "nan": None,
            "literal": "\\u0000",
            "\ufffdkey": 1,
        }
    ]


def test_text_that_looks_like_sql_or_copy_stays_text(warehouse):
    hostile = "\\N\t\\.\n'; drop table raw._loads; --"

    upsert_documents(warehouse, ADS, [ad(1, name=hostile)], run=RUN)

    assert living(warehouse) == [{"name": hostile}]


def test_reader_that_fails_halfway_leaves_nothing(url):
    def rows() -> Iterator[dict[str, object]]:
        yield ad(1)
        raise ProtocolError("page 2 is missing", system="facebook", table="ads")

    with pytest.raises(ProtocolError, match="page 2"), connect(url) as warehouse:
        upsert_documents(warehouse, ADS, rows(), run=RUN)

    with connect(url) as warehouse:
        assert living(warehouse) == []


def test_loading_never_commits(url):
    with connect(url) as warehouse:
        replace_documents(warehouse, ADS, [ad(1)], run=RUN)
        warehouse.rollback()

        assert living(warehouse) == []


def test_second_load_of_a_table_names_who_holds_it(url):
    with connect(url) as holder, connect(url) as warehouse:
        upsert_documents(holder, ADS, [ad(1)], run=RUN)
        warehouse.execute("set lock_timeout = '100ms'")
        pid = holder.info.backend_pid

        with pytest.raises(LoadRefused, match=rf"facebook\.ads.*backend {pid}"):
            upsert_documents(warehouse, ADS, [ad(2)], run=RUN)
