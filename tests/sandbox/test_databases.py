"""The source databases: they hold the world, in its shapes, and are filled once."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from pipelines.sandbox.databases import create_sources
from pipelines.sandbox.server import PostgresServer
from pipelines.sandbox.story.tell import tell
from pipelines.sandbox.story.world import StoryOptions, World

Urls = dict[str, str]


@pytest.fixture(scope="module")
def world() -> World:
    return tell()


@pytest.fixture(scope="module")
def drifted() -> World:
    return tell(StoryOptions(variant="drifted"))


@pytest.fixture(scope="module")
def urls(server: PostgresServer, world: World) -> Iterator[Urls]:
    created = create_sources(server, world, prefix="plain_")
    yield created
    for system in created:
        server.drop_database(f"plain_{system}")


@pytest.fixture(scope="module")
def drifted_urls(server: PostgresServer, drifted: World) -> Iterator[Urls]:
    created = create_sources(server, drifted, prefix="drifted_")
    yield created
    for system in created:
        server.drop_database(f"drifted_{system}")


def test_databases_hold_the_world_row_by_row(urls, world):
    assert _differing(urls, world) == []


def test_drifted_databases_hold_the_drifted_world(drifted_urls, drifted):
    assert _differing(drifted_urls, drifted) == []


def test_tables_absent_from_the_world_are_absent(drifted_urls, drifted):
    for system, url in drifted_urls.items():
        with psycopg.connect(url) as connection:
            tables = _relations(connection)

        assert tables == drifted.databases[system].keys(), system


def test_drifted_columns_have_other_types(urls, drifted_urls):
    places = [
        ("landing", "express_course_sales", "sale_date"),
        ("landing", "landing_leads", "amocrm_lead_id"),
        ("landing", "landing_leads", "metadata"),
    ]

    types = [
        tuple(_type(one[system], table, column) for one in (urls, drifted_urls))
        for system, table, column in places
    ]

    assert types == [
        ("timestamp without time zone", "timestamp with time zone"),
        ("text", "bigint"),
        ("jsonb", "text"),
    ]


def test_all_sales_tracking_is_a_table_here_and_a_view_there(urls, drifted_urls):
    query = "select relkind::text from pg_class where relname = 'all_sales_tracking'"

    kinds = [_one(one["traffic"], query) for one in (urls, drifted_urls)]

    assert kinds == ["r", "v"]


def test_secrets_are_there_to_be_left_behind(urls, drifted_urls):
    queries = [
        (urls["traffic"], "select password_hash from traffic_users"),
        (urls["tripwire"], "select generated_password from tripwire_users"),
        (urls["landing"], "select access_token from integration_tokens"),
        (drifted_urls["landing"], "select api_secret from landing_leads"),
    ]

    assert all(_one(*query).startswith("canary-secret-") for query in queries)


def test_json_strings_stay_strings(urls):
    query = "select distinct jsonb_typeof(raw_data) from express_course_sales"

    with psycopg.connect(urls["landing"]) as connection:
        kinds = {kind for (kind,) in connection.execute(query)}

    assert kinds == {"string", "object"}


def test_defaults_and_sequences_work_on(urls):
    with psycopg.connect(urls["landing"]) as connection:
        click = connection.execute(
            "insert into short_link_clicks (ip_address) values ('x') returning id"
        ).fetchone()
        sale = connection.execute(
            "insert into main_product_sales (deal_id) values (1) returning amount"
        ).fetchone()
        connection.rollback()

    assert (click, sale) == ((474,), (490_000,))


def test_a_changed_row_is_dated_by_its_trigger(urls):
    with psycopg.connect(urls["landing"]) as connection:
        row = connection.execute(
            "update landing_leads set name = name returning updated_at = now()"
        ).fetchone()
        connection.rollback()

    assert row == (True,)


def test_the_same_world_is_not_filled_twice(server, urls, world):
    with psycopg.connect(urls["landing"]) as connection:
        connection.execute("delete from error_logs")

    create_sources(server, world, prefix="plain_")
    kept = _one(urls["landing"], "select count(*) from error_logs")
    create_sources(server, world, prefix="plain_", is_fresh=True)
    fresh = _one(urls["landing"], "select count(*) from error_logs")

    assert (kept, fresh) == (0, 30_000)


def test_another_world_replaces_what_was_there(server):
    first, second = tell(StoryOptions(seed=1)), tell(StoryOptions(seed=2))
    query = "select min(id::text) from landing_leads"

    before = _one(create_sources(server, first, prefix="turn_")["landing"], query)
    after = _one(create_sources(server, second, prefix="turn_")["landing"], query)

    assert before != after
    for system in ("landing", "traffic", "tripwire"):
        server.drop_database(f"turn_{system}")


def test_an_unknown_column_is_named(server, world):
    leads = [
        row | {"shoe_size": 42} for row in world.databases["landing"]["lead_tracking"]
    ]
    landing = world.databases["landing"] | {"lead_tracking": leads}
    odd = World(
        world.options,
        world.now,
        {**world.databases, "landing": landing},
        world.facebook,
        world.amocrm,
    )

    with pytest.raises(ValueError, match="lead_tracking has no column shoe_size"):
        create_sources(server, odd, prefix="odd_")
    server.drop_database("odd_landing")


def _differing(urls: Urls, world: World) -> list[str]:
    """Return the tables whose rows are not the world's."""
    return [
        f"{system}.{table}"
        for system, url in urls.items()
        for table, rows in world.databases[system].items()
        if not _holds(url, table, rows)
    ]


def _holds(url: str, table: str, rows: list[dict[str, object]]) -> bool:
    columns = sorted(set().union(*(row.keys() for row in rows))) if rows else ["ctid"]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("select {} from {}").format(names, sql.Identifier(table))
    with psycopg.connect(url, row_factory=dict_row) as connection:
        if not rows:
            count = sql.SQL("select count(*) as n from {}").format(
                sql.Identifier(table)
            )
            return connection.execute(count).fetchone() == {"n": 0}
        found = connection.execute(query).fetchall()
    stored = [{name: row.get(name) for name in columns} for row in rows]
    return sorted(map(_plain, found)) == sorted(map(_plain, stored))


def _plain(row: dict[str, object]) -> str:
    """Write a row so that equal values of different Python types look alike."""
    plain = {name: _even(value) for name, value in row.items()}
    return json.dumps(plain, sort_keys=True, default=str)


def _even(value: object) -> object:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.timestamp()
    return value


def _relations(connection: psycopg.Connection) -> set[str]:
    query = "select relname from pg_class where relnamespace = 'public'::regnamespace"
    found = connection.execute(f"{query} and relkind in ('r', 'v')")
    return {name for (name,) in found}


def _type(url: str, table: str, column: str) -> str:
    query = (
        "select data_type from information_schema.columns"
        f" where table_name = '{table}' and column_name = '{column}'"
    )
    return _one(url, query)


def _one(url: str, query: str):
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
