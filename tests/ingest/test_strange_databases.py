"""Which database a URL leads to is known by its tables, before anything is loaded."""

from dataclasses import replace

import psycopg
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.errors import LoadRefused, SchemaChanged, SourceError
from pipelines.ingest.databases import extract_database
from pipelines.load.guards import Confirmation
from pipelines.load.log import RunInfo
from pipelines.sandbox.databases import SCHEMAS
from tests.conftest import NewDatabase
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import LEADS, NOW, Pair, declare

CATALOG = load_catalog()
SYSTEMS = ("landing", "traffic", "tripwire")
VARIANTS = [
    (system, files)
    for system in SYSTEMS
    for files in ([system], [system, f"{system}_drifted"])
]


def error_of(system: str, url: str, catalog: Catalog = CATALOG) -> SourceError | None:
    """Ask for one table of a system, and return how that ended."""
    table = catalog.of(system)[0]
    loads = extract_database(
        system,
        url,
        warehouse_url=url,
        catalog=catalog,
        run=RunInfo("run", NOW),
        tables=[table.name],
    )
    return loads[0].error


def create(new_database: NewDatabase, files: list[str]) -> str:
    url = new_database()
    with psycopg.connect(url) as connection:
        for file in files:
            connection.execute((SCHEMAS / f"{file}.sql").read_bytes())
    return url


def moved(leads: Pair, new_database: NewDatabase, *changes: str) -> str:
    """Put the same leads into another database, with changes, and return its URL."""
    elsewhere = Pair(new_database(), "")
    elsewhere.source(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "insert into leads select n, 'lead ' || n, '2026-01-05T10:00Z' "
        "from generate_series(1, 100) n",
        *changes,
    )
    return elsewhere.source_url


@pytest.mark.parametrize(("there", "files"), VARIANTS)
def test_database_of_another_role_is_named(new_database, there, files):
    url = create(new_database, files)

    for system in SYSTEMS:
        error = error_of(system, url)

        if system == there:
            assert error is None, error
        else:
            assert isinstance(error, SchemaChanged)
            assert error.guard == "wrong_database"
            assert f"looks like the {there} database" in str(error)
            assert f"{system.upper()}_DATABASE_URL" in str(error)


def test_users_alone_make_no_learning_platform(new_database):
    url = new_database()
    with psycopg.connect(url) as connection:
        connection.execute("create table users (id uuid primary key)")

    error = error_of("tripwire", url)

    assert isinstance(error, SchemaChanged)
    assert "none of tripwire_users, module_unlocks, tripwire_progress" in str(error)


def test_stranger_fails_every_table_and_takes_nothing_away(leads, new_database):
    leads.tables.append(declare("other", {"id": "int"}))

    loads = leads.load(source_url=new_database())

    errors = [load.error for load in loads.values()]
    assert all(isinstance(error, SchemaChanged) for error in errors)
    assert all("none of the 2 declared tables" in str(error) for error in errors)
    assert len(leads.living("leads")) == 100


def test_lost_table_of_the_signature_fails_alone(leads):
    leads.tables += [
        declare("must", {"id": "int"}, signature=True),
        declare("other", {"id": "int"}),
    ]
    leads.tables[1] = replace(leads.tables[1], required=True)
    leads.tables[0] = replace(leads.tables[0], signature=True)
    leads.source("create table other (id int primary key)")

    loads = leads.load()

    assert isinstance(loads["must"].error, SchemaChanged)
    assert loads["must"].error.guard == "missing_table"
    assert [loads[name].outcome for name in ("leads", "other")] == ["loaded"] * 2
    leads.source("drop table leads")
    assert isinstance(leads.load()["other"].error, SchemaChanged)


@in_both_modes
def test_moved_database_with_the_same_rows_is_taken(leads, new_database, mode):
    leads.tables[0] = declare("leads", LEADS, newest="updated_at", mode=mode)
    url = moved(leads, new_database, "update leads set name = 'x' where id = 1")

    assert leads.changes(source_url=url) == (0, 1, 0)
    assert leads.changes(source_url=url) == (0, 0, 0)


@in_both_modes
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("delete from leads where id <= 60", "60 of 100 rows are not in it"),
        ("truncate leads", "100 of 100 rows are not in it"),
        ("update leads set id = id + 1000", "100 of 100 rows are not in it"),
        ("update leads set updated_at = '2025-12-31Z'", "its newest row is older"),
    ],
)
def test_other_database_is_refused_until_it_is_confirmed(
    leads, new_database, mode, change, says
):
    leads.tables[0] = declare("leads", LEADS, newest="updated_at", mode=mode)
    leads.load()
    url = moved(leads, new_database, change)
    before = leads.raw("select * from raw.landing__leads order by id")

    for _ in range(2):
        error = leads.load(source_url=url)["leads"].error

        assert isinstance(error, LoadRefused)
        assert error.guard == "other_source"
        assert "another database answers behind LANDING_DATABASE_URL" in str(error)
        assert says in str(error)
        assert "confirm_source: [leads]" in str(error)
        assert leads.raw("select * from raw.landing__leads order by id") == before

    confirm = Confirmation(source=["leads"])
    assert leads.load(source_url=url, confirm=confirm)["leads"].error is None
    assert leads.changes(source_url=url) == (0, 0, 0)
