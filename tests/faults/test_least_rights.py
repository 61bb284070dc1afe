"""A whole extraction by a role that may do nothing but read the columns it needs."""

from urllib.parse import urlsplit

import pytest

from pipelines.errors import AuthError
from tests.conftest import NewDatabase
from tests.ingest.source import LEADS, Pair, declare

TABLES = ("leads", "sales")
ROLE_SETTINGS = ("default_transaction_read_only = on", "statement_timeout = '1min'")


@pytest.fixture
def pair(new_database: NewDatabase) -> Pair:
    """Return a source of two tables, with one that is nobody's business beside them."""
    pair = Pair(new_database(), new_database())
    for name in TABLES:
        pair.source(
            f"create table {name} (id int primary key, name text, "
            "updated_at timestamptz, phone text)",
            f"insert into {name} select n, 'row ' || n, now(), 'canary' "
            "from generate_series(1, 500) n",
        )
        # A column that is declared nowhere, and a token beside the tables.
        pair.tables.append(declare(name, LEADS, mode="xmin", excluded=("phone",)))
    pair.source("create table integration_tokens (id int, token text)")
    return pair


def reader(pair: Pair, columns: str) -> str:
    """Make a role with these rights and return the URL by which it comes."""
    parts = urlsplit(pair.source_url)
    database = parts.path[1:]
    role = f"reader_of_{database}"
    pair.source(
        f"create role {role} login",
        *(f"alter role {role} set {setting}" for setting in ROLE_SETTINGS),
        f"revoke all on database {database} from public",
        "revoke all on schema public from public",
        f"grant connect on database {database} to {role}",
        f"grant usage on schema public to {role}",
        *(
            f"grant select ({columns}) on {name} to {role}"
            for name in ("leads", "sales")
        ),
    )
    netloc = f"{role}@{parts.hostname}:{parts.port}"
    return parts._replace(netloc=netloc).geturl()


def test_granted_columns_and_xmin_are_enough(pair):
    url = reader(pair, "id, name, updated_at, xmin")
    first = pair.load(source_url=url)
    pair.source(
        "update leads set name = 'other' where id = 7", "delete from sales where id = 8"
    )

    second = pair.load(source_url=url, run_id="second")

    assert [load.error for load in (*first.values(), *second.values())] == [None] * 4
    assert {load.mode for load in second.values()} == {"xmin"}
    assert second["leads"].result.rows_updated == 1
    assert second["sales"].result.rows_deleted == 1
    assert [load.warnings for load in second.values()] == [(), ()]


def test_without_xmin_tables_are_read_whole(pair):
    url = reader(pair, "id, name, updated_at")
    pair.load(source_url=url)
    pair.source("update leads set name = 'other' where id = 7")

    second = pair.load(source_url=url, run_id="second")

    assert [load.error for load in second.values()] == [None, None]
    assert {load.mode for load in second.values()} == {"snapshot"}
    assert second["leads"].result.rows_updated == 1


def test_a_table_without_a_grant_is_named_and_the_others_go_on(pair):
    url = reader(pair, "id, name, updated_at")
    pair.source(f"revoke all on sales from {urlsplit(url).username}")

    loads = pair.load(source_url=url)

    assert loads["leads"].error is None
    assert type(loads["sales"].error) is AuthError
    assert "grant select on public.sales" in str(loads["sales"].error)
