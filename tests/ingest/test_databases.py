"""Loading a source database: what arrives, what a second run changes, what fails."""

from dataclasses import replace

import psycopg

from pipelines.errors import (
    SchemaChanged,
)
from pipelines.load.guards import Confirmation
from tests.ingest.source import LEADS, NOW, declare


def test_load_reports_and_logs_what_it_did(leads):
    load = leads.load(run_id="second")["leads"]

    assert (load.outcome, load.mode, load.result.rows_read) == (
        "loaded",
        "snapshot",
        100,
    )
    assert load.newest_row_at is not None
    assert load.newest_row_at.isoformat() == "2026-01-05T10:00:00+00:00"
    log = leads.raw(
        "select run_id, system, table_name, scope, outcome, mode, rows_read, "
        "rows_inserted, newest_row_at, as_of, finished_at >= started_at, error "
        "from raw._loads order by load_id"
    )
    newest = load.newest_row_at
    common = ("landing", "leads", "", "loaded", "snapshot", 100)
    assert log == [
        ("run", *common, 100, newest, NOW, True, None),
        ("second", *common, 0, newest, NOW, True, None),
    ]


def test_second_run_touches_no_row(leads):
    rows = "select ctid, xmin, * from raw.landing__leads order by id"
    before = leads.raw(rows)

    assert leads.changes(run_id="second") == (0, 0, 0)

    assert leads.raw(rows) == before


def test_update_without_timestamp_is_seen(leads):
    leads.source("update leads set name = 'other' where id = 7")

    assert leads.changes(run_id="second") == (0, 1, 0)

    row = "select name, _run_id from raw.landing__leads where id = 7"
    assert leads.raw(row) == [("other", "second")]


def test_deleted_row_is_marked_and_comes_back(leads):
    leads.source("delete from leads where id = 7")
    assert leads.changes() == (0, 0, 1)
    assert len(leads.living("leads")) == 99

    leads.source("insert into leads values (7, 'back', now())")

    assert leads.changes() == (0, 1, 0)
    assert leads.living("leads", "id, name")[6] == (7, "back")


def test_row_that_changes_its_key_is_a_new_row(leads):
    leads.source("update leads set id = 1007 where id = 7")

    assert leads.changes() == (1, 0, 1)


def test_all_tables_are_of_one_moment(leads):
    leads.tables.append(declare("aged", {"id": "int"}, source_table="z_view"))
    leads.source("create view z_view as select count(*)::int as id from leads")

    def write_meanwhile(table: str, rows: int) -> None:
        leads.source("insert into leads values (101, 'late', now())")

    leads.source("insert into leads select n from generate_series(200, 60000) n")
    leads.load(on_progress=write_meanwhile)

    count = leads.raw("select count(*)::int from raw.landing__leads")
    assert leads.living("aged", "id") == count
    assert leads.changes() == (1, 0, 0)


def test_late_commit_with_an_older_timestamp_arrives(leads):
    with psycopg.connect(leads.source_url) as writer:
        writer.execute("insert into leads values (500, 'late', '2020-01-01')")
        assert leads.changes() == (0, 0, 0)

    assert leads.changes() == (1, 0, 0)


def test_absent_is_not_empty(leads):
    columns = {"id": "int"}
    leads.tables += [declare("empty", columns), declare("absent", columns)]
    leads.source("create table empty (id int primary key)")

    loads = leads.load()

    assert [loads[name].outcome for name in ("empty", "absent")] == ["loaded", "absent"]
    assert loads["absent"].error is None
    logged = "select table_name, outcome from raw._loads where table_name <> 'leads'"
    assert set(leads.raw(logged)) == {("empty", "loaded"), ("absent", "absent")}


def test_table_that_disappears_keeps_its_rows(leads):
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("drop table leads", "create table other (id int primary key)")

    load = leads.load()["leads"]

    assert load.outcome == "absent"
    assert "no table leads in its search path; the rows" in load.warnings[0]
    assert len(leads.living("leads")) == 100


def test_required_table_that_is_absent_fails_alone(leads):
    must = replace(declare("must", {"id": "int"}), required=True)
    leads.tables.insert(0, must)

    loads = leads.load()

    assert isinstance(loads["must"].error, SchemaChanged)
    assert "landing.must: the source has no table must" in str(loads["must"].error)
    assert loads["leads"].outcome == "loaded"


def test_missing_required_column_fails_its_table_alone(leads):
    leads.source("alter table leads drop column updated_at")
    leads.tables[0] = declare("leads", LEADS, required=["updated_at"])
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("create table other (id int primary key)")

    loads = leads.load()

    error = loads["leads"].error
    assert isinstance(error, SchemaChanged)
    assert (error.system, error.table) == ("landing", "leads")
    assert "no column updated_at" in str(error)
    assert error.remedy
    assert loads["other"].outcome == "loaded"
    assert len(leads.living("leads")) == 100
    failed = "select outcome, error from raw._loads where error is not null"
    assert leads.raw(failed) == [("failed", str(error))]


def test_missing_optional_column_arrives_as_null(leads):
    leads.source("alter table leads drop column name")

    load = leads.load()["leads"]

    assert load.result.rows_updated == 100
    assert "gone from the source (raw keeps them" in load.warnings[0]
    assert load.notes == ("missing columns (loaded as NULL): name",)
    assert leads.load()["leads"].warnings == load.warnings
    assert leads.raw("select distinct name from raw.landing__leads") == [(None,)]


def test_undeclared_column_stays_in_the_source(leads):
    leads.source("alter table leads add password text default 'canary', add known int")
    leads.tables[0] = declare("leads", LEADS, excluded=("known",))

    load = leads.load()["leads"]

    assert load.result.rows_changed == 0
    assert load.warnings[0] == "undeclared columns (not loaded): password"
    dump = str(leads.raw("select * from raw.landing__leads"))
    assert "canary" not in dump


def test_alias_lands_under_the_canonical_name(leads):
    leads.source("alter table leads rename to landing_leads")
    leads.tables[0] = declare("leads", LEADS, aliases=("old", "landing_leads"))

    load = leads.load()["leads"]

    assert load.result.rows_changed == 0
    assert load.notes == ("found under the name landing_leads",)


def test_table_without_key_is_kept_as_a_multiset(pair):
    pair.source(
        "create table clicks (url text, note json)",
        "insert into clicks values ('a', null), ('a', null), ('b', '{\"x\": 1}')",
    )
    pair.tables.append(declare("clicks", {"url": "text", "note": "json"}, key=()))

    assert pair.changes("clicks") == (3, 0, 0)
    assert pair.changes("clicks") == (0, 0, 0)
    pair.source(
        "delete from clicks where url = 'b'",
        "insert into clicks values ('a', null), ('c', null)",
    )
    assert pair.changes("clicks") == (2, 0, 1)
    assert pair.living("clicks", "url") == [("a",), ("a",), ("a",), ("c",)]


def test_first_load_of_a_large_table_is_straight_and_complete(pair):
    pair.source(
        "create table leads (id int primary key, name text)",
        "insert into leads select n, repeat('x', 90) from generate_series(1, 200000) n",
    )
    pair.tables.append(declare("leads", {"id": "int", "name": "text"}))
    seen: list[tuple[str, int]] = []

    changes = pair.changes(on_progress=lambda table, rows: seen.append((table, rows)))

    assert changes == (200_000, 0, 0)
    assert {table for table, _ in seen} == {"landing__leads"}
    assert [rows for _, rows in seen] == sorted(rows for _, rows in seen)
    stamps = "select count(distinct _loaded_at), min(_run_id) from raw.landing__leads"
    assert pair.raw(stamps) == [(1, "run")]
    pair.source("delete from leads where id = 5")
    assert pair.changes() == (0, 0, 1)


def test_only_selected_tables_are_loaded(leads):
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("create table other (id int primary key)")

    assert set(leads.load(tables={"landing__other"})) == {"other"}


def test_schema_is_the_one_of_the_search_path(leads):
    leads.source(
        "create schema app",
        "create table app.leads (like public.leads including all)",
        "insert into app.leads values (1, 'of app', null)",
    )
    url = leads.source_url + "?options=-csearch_path%3Dapp"

    load = leads.load(source_url=url, confirm=Confirmation(deletes=["leads"]))["leads"]

    assert load.result.rows_read == 1
    assert leads.living("leads", "name") == [("of app",)]
