"""Preparing a warehouse: what is declared exists, a second time changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from pipelines.catalog import Catalog, Column, Table, load_catalog
from pipelines.errors import ConfigurationError, WarehouseError
from pipelines.load.log import RunInfo, record_load
from pipelines.warehouse import connect, dbt_environment, prepare, write_clock
from pipelines.warehouse_tables import OWN_TABLES
from tests.conftest import NewDatabase

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
SHAPE = """
select column_name, data_type from information_schema.columns
where table_schema = 'raw' and table_name = 'landing__leads' order by ordinal_position
"""
STAMPS = [
    ("_loaded_at", "timestamp with time zone"),
    ("_deleted_at", "timestamp with time zone"),
    ("_run_id", "text"),
]


@pytest.fixture
def warehouse(new_database: NewDatabase) -> Iterator[psycopg.Connection[Any]]:
    with connect(new_database()) as connection:
        yield connection


def leads(*columns: tuple[str, str], key: tuple[str, ...] = ("id",)) -> Catalog:
    declared = tuple(Column(name, data_type) for name, data_type in columns)
    return Catalog((Table("landing", "landing__leads", "leads", key, declared),))


def test_whole_catalog_is_prepared_from_empty_and_again(warehouse):
    catalog = load_catalog()
    tables = (
        "select oid, relname from pg_class where relkind in ('r', 'i') order by oid"
    )

    prepare(warehouse, catalog)
    first = warehouse.execute(tables).fetchall()
    prepare(warehouse, catalog)

    assert warehouse.execute(tables).fetchall() == first
    names = {name for _, name in first}
    assert names >= {table.name for table in (*catalog.tables, *catalog.history)}
    assert names >= {"_loads", "_clock"}


def test_steps_that_begin_together_prepare_together(new_database):
    url, catalog = new_database(), load_catalog()

    def step(_: int) -> int:
        with connect(url) as warehouse:
            prepare(warehouse, catalog)
            count = "select count(*) from pg_tables where schemaname = 'raw'"
            row = warehouse.execute(count).fetchone()
            return row[0] if row else 0

    with ThreadPoolExecutor(4) as pool:
        counts = set(pool.map(step, range(4)))

    assert counts == {len(catalog.tables) + len(OWN_TABLES)}


def test_raw_table_has_declared_columns_and_stamps(warehouse):
    prepare(warehouse, leads(("id", "uuid"), ("Group", "text[]")))

    assert warehouse.execute(SHAPE).fetchall() == [
        ("id", "uuid"),
        ("Group", "ARRAY"),
        *STAMPS,
    ]


def test_table_that_was_never_loaded_follows_its_declaration(warehouse):
    prepare(warehouse, leads(("id", "uuid"), ("amount", "text")))
    warehouse.execute("create schema staging")
    warehouse.execute("create view staging.stg as select * from raw.landing__leads")

    prepare(warehouse, leads(("id", "bigint"), ("amount", "numeric(12,2)")))

    columns = warehouse.execute(SHAPE).fetchall()
    assert columns == [("id", "bigint"), ("amount", "numeric"), *STAMPS]


def test_view_of_somebody_else_is_not_dropped(warehouse):
    prepare(warehouse, leads(("id", "uuid")))
    warehouse.execute("create view public.mine as select * from raw.landing__leads")

    with pytest.raises(ConfigurationError, match=r"public\.mine"):
        prepare(warehouse, leads(("id", "bigint")))


def test_loaded_table_keeps_its_rows_and_gains_columns(warehouse):
    prepare(warehouse, leads(("id", "bigint")))
    warehouse.execute("insert into raw.landing__leads values (1, now(), null, 'r')")

    prepare(warehouse, leads(("id", "uuid"), ("name", "text")))

    row = warehouse.execute("select id, name from raw.landing__leads").fetchone()
    assert row == (1, None)


def test_empty_but_loaded_table_keeps_the_types_of_its_source(warehouse):
    prepare(warehouse, leads(("id", "bigint")))
    run = RunInfo("run", NOW)
    record_load(warehouse, run=run, system="landing", table="leads", outcome="loaded")

    prepare(warehouse, leads(("id", "uuid")))

    assert warehouse.execute(SHAPE).fetchall()[0] == ("id", "bigint")


def test_clock_is_one_row(warehouse):
    prepare(warehouse, Catalog(()))

    write_clock(warehouse, datetime(2020, 1, 1, tzinfo=UTC))
    write_clock(warehouse, NOW)

    assert warehouse.execute("select now from raw._clock").fetchall() == [(NOW,)]


def test_dbt_gets_the_parts_of_the_url():
    variables = dbt_environment(
        "postgresql://us%40r:p%2Fss@127.0.0.1:5433/ware%20house"
    )

    assert variables == {
        "WAREHOUSE_HOST": "127.0.0.1",
        "WAREHOUSE_PORT": "5433",
        "WAREHOUSE_USER": "us@r",
        "WAREHOUSE_PASSWORD": "p/ss",
        "WAREHOUSE_DBNAME": "ware house",
        "WAREHOUSE_SSLMODE": "prefer",
    }


def test_dbt_gets_the_socket_folder(server):
    variables = dbt_environment(server.socket_url("postgres"))

    assert variables["WAREHOUSE_HOST"].startswith("/")
    assert variables["WAREHOUSE_PORT"] == str(server.port)


def test_dbt_gets_the_tls_of_the_url():
    url = "postgresql://u@db.example.com/w?sslmode=verify-ca&sslrootcert=/ca.pem"

    variables = dbt_environment(url)

    assert variables["WAREHOUSE_SSLMODE"] == "verify-ca"
    assert variables["PGSSLROOTCERT"] == "/ca.pem"


def test_warehouse_that_does_not_answer_is_named():
    with pytest.raises(WarehouseError, match="check WAREHOUSE_URL"):
        connect("postgresql://nobody@127.0.0.1:1/warehouse")
