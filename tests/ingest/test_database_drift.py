"""Columns that came, went, were renamed or changed their type since the last load."""

import pytest

from pipelines.errors import AuthError, SchemaChanged
from pipelines.load.guards import Confirmation
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import LEADS, Pair, declare

TYPES = Confirmation(types=["leads"])


def raw_type(pair: Pair, column: str) -> str:
    query = (
        "select format_type(atttypid, atttypmod) from pg_attribute "
        f"where attrelid = 'raw.landing__leads'::regclass and attname = '{column}'"
    )
    return str(pair.raw(query)[0][0])


def warnings(pair: Pair) -> tuple[str, ...]:
    load = pair.load()["leads"]
    assert load.error is None, load.error
    return load.warnings


def test_new_column_is_news_once_and_undeclared_until_declared(leads):
    leads.source("alter table leads add secret text default 'canary'")

    undeclared = "undeclared columns (not loaded): secret"
    news = "new in the source since the last load: secret"
    assert warnings(leads) == (undeclared, news)
    assert warnings(leads) == (undeclared,)
    assert "canary" not in str(leads.raw("select * from raw.landing__leads"))
    leads.tables[0] = declare("leads", {**LEADS, "secret": "text"})
    assert warnings(leads) == ()
    assert leads.living("leads", "secret")[0] == ("canary",)


def test_excluded_column_is_no_news(leads):
    leads.tables[0] = declare("leads", LEADS, excluded=("secret",))
    leads.source("alter table leads add secret text")

    assert warnings(leads) == ()


def test_dropped_column_is_named_as_long_as_it_stays_away(leads):
    leads.source("alter table leads drop column name")

    said = (
        "columns that are gone from the source (raw keeps them, living rows get NULL): "
        "name",
    )
    assert [warnings(leads) for _ in range(3)] == [said] * 3
    assert leads.raw("select distinct name from raw.landing__leads") == [(None,)]
    leads.source("alter table leads add name text default 'back'")
    assert warnings(leads) == ()
    assert leads.living("leads", "name")[0] == ("back",)


def test_declaration_that_drops_the_column_too_ends_the_warning(leads):
    leads.source("alter table leads drop column name")
    assert warnings(leads)
    kept = {name: kind for name, kind in LEADS.items() if name != "name"}
    leads.tables[0] = declare("leads", kept)

    assert warnings(leads) == ()


def test_column_that_was_never_there_is_only_noted(leads):
    leads.tables[0] = declare("leads", {**LEADS, "optional": "text"})

    load = leads.load()["leads"]

    assert load.warnings == ()
    assert load.notes == ("missing columns (loaded as NULL): optional",)


def test_column_that_may_not_be_read_any_more_is_not_taken_for_gone(leads):
    role = leads.source_url.rpartition("/")[2] + "_narrow"
    leads.source(
        f"create role {role} login",
        f"grant select (id, updated_at) on leads to {role}",
    )
    url = leads.source_url.replace("//postgres@", f"//{role}@")

    error = leads.load(source_url=url)["leads"].error

    assert isinstance(error, AuthError)
    assert "may not read the column name" in str(error)
    assert "grant select (name) on public.leads" in str(error)
    assert leads.living("leads", "name")[0] == ("lead 1",)
    leads.source(f"grant select (name) on leads to {role}")
    assert leads.load(source_url=url)["leads"].warnings == ()


@in_both_modes
def test_renamed_column_is_reported_as_one_event(leads, mode):
    leads.tables[0] = declare("leads", LEADS, mode=mode)
    leads.source(
        "alter table leads rename name to full_name",
        "alter table leads add other int",
    )

    renamed = (
        "column name was probably renamed to full_name (raw keeps name, living rows "
        "get NULL); declare full_name in its place"
    )
    first, second = warnings(leads), warnings(leads)
    undeclared = "undeclared columns (not loaded): full_name, other"
    assert first == (
        undeclared,
        renamed,
        "new in the source since the last load: other",
    )
    assert second == (undeclared, renamed)
    leads.tables[0] = declare(
        "leads",
        {"id": "int", "full_name": "text", "updated_at": "timestamptz"},
        excluded=("other",),
        mode=mode,
    )
    assert warnings(leads) == ()
    assert leads.living("leads", "id, full_name")[6] == (7, "lead 7")


def test_rename_that_could_be_either_is_not_guessed(leads):
    leads.source(
        "alter table leads drop column name", "alter table leads add a text, add b text"
    )

    said = " ".join(warnings(leads))

    assert "renamed" not in said
    assert "living rows get NULL): name" in said
    assert "since the last load: a, b" in said


def test_new_name_that_disappears_too_leaves_a_dropped_column(leads):
    leads.source("alter table leads rename name to full_name")
    assert "renamed" in " ".join(warnings(leads))
    leads.source("alter table leads drop column full_name")

    assert "living rows get NULL): name" in warnings(leads)[0]
    assert "renamed" not in " ".join(warnings(leads))


def test_renamed_required_column_names_its_likely_successor(leads):
    leads.tables[0] = declare("leads", LEADS, required=["updated_at"])
    leads.source("alter table leads rename updated_at to changed_at")

    error = leads.load()["leads"].error

    assert isinstance(error, SchemaChanged)
    assert error.guard == "missing_column"
    assert "renamed? undeclared of that type: changed_at" in str(error)
    assert len(leads.living("leads")) == 100


@in_both_modes
def test_widened_column_is_followed_and_noted(pair, mode):
    pair.source(
        "create table leads (id int primary key, v int)",
        "insert into leads values (1, 7)",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": "int"}, mode=mode))
    pair.load()
    pair.source("alter table leads alter v type bigint")

    load = pair.load()["leads"]

    assert load.notes == ("column v went from integer to bigint",)
    assert load.warnings == ()
    assert raw_type(pair, "v") == "bigint"
    pair.source("update leads set v = 5000000000")
    assert pair.changes() == (0, 1, 0)


@pytest.fixture
def texts(pair: Pair) -> Pair:
    """Return a loaded source with texts, one of them of a row that is deleted."""
    pair.source(
        "create table leads (id int primary key, v text)",
        """insert into leads values (1, '{"a": 1}'), (2, '{}'), (3, 'plain')""",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": "text"}))
    pair.load()
    pair.source("delete from leads where id = 3")
    assert pair.changes() == (0, 0, 1)
    return pair


@in_both_modes
def test_incompatible_type_stops_its_table_until_it_is_confirmed(texts, mode):
    texts.tables[0] = declare("leads", {"id": "int", "v": "text"}, mode=mode)
    texts.tables.append(declare("other", {"id": "int"}))
    texts.source(
        "alter table leads alter v type jsonb using v::jsonb",
        "create table other (id int primary key)",
    )

    loads = texts.load()

    error = loads["leads"].error
    assert isinstance(error, SchemaChanged)
    assert error.guard == "incompatible_type"
    assert "confirm_types: [leads]" in str(error)
    assert loads["other"].outcome == "loaded"
    assert raw_type(texts, "v") == "text"
    assert len(texts.living("leads")) == 2

    load = texts.load(confirm=TYPES)["leads"]

    assert load.error is None
    assert load.notes == (
        "column v went from text to jsonb, as confirmed; rows that the source has no "
        "more lost the values that do not fit",
    )
    assert texts.living("leads", "id, v") == [(1, {"a": 1}), (2, {})]
    deleted = "select v from raw.landing__leads where _deleted_at is not null"
    assert texts.raw(deleted) == [(None,)]
    assert texts.changes() == (0, 0, 0)


def test_deleted_rows_keep_values_that_fit_the_confirmed_type(texts):
    texts.source(
        "insert into leads values (3, '[3]')",
        "alter table leads alter v type jsonb using v::jsonb",
    )
    texts.raw("update raw.landing__leads set v = '[3]' where id = 3")
    texts.source("delete from leads where id = 3")

    load = texts.load(confirm=TYPES)["leads"]

    assert load.notes == ("column v went from text to jsonb, as confirmed",)
    assert texts.raw("select v from raw.landing__leads where id = 3") == [([3],)]


def test_type_without_any_way_to_it_is_taken_when_confirmed(pair):
    pair.source(
        "create table leads (id int primary key, v jsonb)",
        "insert into leads values (1, '{}')",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": "jsonb"}))
    pair.load()
    pair.source("alter table leads alter v type bytea using 'x'::bytea")
    assert pair.load()["leads"].error

    load = pair.load(confirm=TYPES)["leads"]

    assert load.error is None
    assert pair.living("leads", "v") == [(b"x",)]


def test_confirmed_type_of_a_key_is_taken_only_where_every_key_fits(pair):
    pair.source(
        "create table leads (id jsonb primary key)",
        "insert into leads values ('1'), ('[2]')",
    )
    pair.tables.append(declare("leads", {"id": "jsonb"}))
    pair.load()
    pair.source(
        "drop table leads",
        "create table leads (id int primary key)",
        "insert into leads values (1)",
    )

    error = pair.load(confirm=TYPES)["leads"].error

    assert isinstance(error, SchemaChanged)
    assert "drop raw.landing__leads" in str(error)
    assert len(pair.living("leads")) == 2
    pair.raw("delete from raw.landing__leads where id = '[2]'")
    assert pair.changes(confirm=TYPES) == (0, 0, 0)
    assert raw_type(pair, "id") == "integer"


def test_keyless_table_takes_a_confirmed_type(pair):
    pair.source(
        "create table leads (v text)",
        "insert into leads values ('1'), ('plain')",
    )
    pair.tables.append(declare("leads", {"v": "text"}, key=()))
    pair.load()
    pair.source(
        "alter table leads alter v type jsonb using to_jsonb(v)",
    )

    assert pair.load()["leads"].error
    assert pair.load(confirm=TYPES)["leads"].error is None
    assert pair.living("leads", "v::text") == [('"1"',), ('"plain"',)]
