"""Which database a URL leads to is known by its tables, before anything is loaded."""

from dataclasses import replace

import psycopg
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.errors import SchemaChanged, SourceError
from pipelines.ingest.databases import extract_database
from pipelines.load.log import RunInfo
from pipelines.sandbox.databases import SCHEMAS
from tests.conftest import NewDatabase
from tests.ingest.source import NOW, declare

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
