"""Loading a source database: what arrives, what a second run changes, what fails."""

from dataclasses import replace

import psycopg
import pytest

from pipelines.errors import (
    AuthError,
    LoadRefused,
    SchemaChanged,
    SourceUnreachable,
    WarehouseError,
)
from tests.ingest.source import NOW, Pair, declare

LEADS = {"id": "int", "name": "text", "updated_at": "timestamptz"}


@pytest.fixture
def leads(pair: Pair) -> Pair:
    """Return a source with a hundred leads that is loaded once."""
    pair.source(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "insert into leads select n, 'lead ' || n, '2026-01-05T10:00Z' "
        "from generate_series(1, 100) n",
    )
    pair.tables.append(declare("leads", LEADS, newest="updated_at"))
    assert pair.changes() == (100, 0, 0)
    return pair


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
    assert leads.raw(logged) == [("empty", "loaded"), ("absent", "absent")]


def test_table_that_disappears_keeps_its_rows(leads):
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("drop table leads", "create table other (id int primary key)")

    assert leads.load()["leads"].outcome == "absent"

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
    assert load.warnings == ("missing columns (loaded as NULL): name",)
    assert leads.raw("select distinct name from raw.landing__leads") == [(None,)]


def test_undeclared_column_stays_in_the_source(leads):
    leads.source("alter table leads add password text default 'canary', add known int")
    leads.tables[0] = declare("leads", LEADS, excluded=("known",))

    load = leads.load()["leads"]

    assert load.result.rows_changed == 0
    assert load.warnings == ("undeclared columns (not loaded): password",)
    dump = str(leads.raw("select * from raw.landing__leads"))
    assert "canary" not in dump


def test_alias_lands_under_the_canonical_name(leads):
    leads.source("alter table leads rename to landing_leads")
    leads.tables[0] = declare("leads", LEADS, aliases=("old", "landing_leads"))

    load = leads.load()["leads"]

    assert load.result.rows_changed == 0
    assert load.warnings == ("found under the name landing_leads",)


@pytest.mark.parametrize("gone", [51, 100])
def test_mass_delete_needs_a_confirmation(leads, gone):
    leads.source(
        f"delete from leads where id <= {gone}",
        "insert into leads values (900, 'new', now())",
    )

    load = leads.load()["leads"]

    assert isinstance(load.error, LoadRefused)
    assert f"{gone} of 100 rows are missing" in str(load.error)
    assert load.outcome == "failed"
    assert load.result.rows_inserted == 1
    assert len(leads.living("leads")) == 101
    log = "select outcome, error, rows_inserted from raw._loads order by load_id desc"
    assert leads.raw(log)[0] == ("failed", str(load.error), 1)
    assert leads.changes(confirm_deletes=True) == (0, 0, gone)


def test_a_few_deletes_are_a_normal_day(leads):
    leads.source("delete from leads where id <= 50")

    assert leads.changes() == (0, 0, 50)


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


def test_emptied_table_without_key_is_left_alone(pair):
    pair.source(
        "create table clicks (url text)",
        "insert into clicks select n::text from generate_series(1, 60) n",
    )
    pair.tables.append(declare("clicks", {"url": "text"}, key=()))
    pair.load()
    pair.source("truncate clicks")

    assert isinstance(pair.load()["clicks"].error, LoadRefused)

    assert len(pair.living("clicks")) == 60
    assert pair.changes("clicks", confirm_deletes=True) == (0, 0, 60)


@pytest.mark.parametrize("size", [2, 200_000])
def test_duplicate_keys_in_the_source_are_named(pair, size):
    pair.source(
        "create table leads (id int, name text)",
        "insert into leads select n, repeat('x', 90) "
        f"from generate_series(1, {size}) n",
        "insert into leads values (1, 'again')",
    )
    pair.tables.append(declare("leads", {"id": "int", "name": "text"}))

    error = pair.load()["leads"].error

    assert isinstance(error, LoadRefused)
    assert "landing.leads: rows repeat or lack their key" in str(error)
    assert "id" in str(error)
    assert pair.living("leads") == []


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


def test_load_that_the_warehouse_refuses_keeps_what_was_there(leads):
    leads.source("update leads set name = 'bad' where id = 7")
    leads.raw("alter table raw.landing__leads add check (name <> 'bad')")

    error = leads.load()["leads"].error

    assert isinstance(error, WarehouseError)
    assert "bad" not in str(error)
    names = "select name from raw.landing__leads where id = 7"
    assert leads.raw(names) == [("lead 7",)]


def kill(pair: Pair, query: str) -> None:
    pair.source(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        f"where pid <> pg_backend_pid() and datname = current_database() and {query}"
    )


def test_source_that_dies_in_the_middle_leaves_what_was_there(leads):
    leads.source("insert into leads select n from generate_series(200, 200000) n")
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("create table other (id int primary key)")

    loads = leads.load(on_progress=lambda *_: kill(leads, "query ilike '%to stdout%'"))

    assert {type(load.error) for load in loads.values()} == {SourceUnreachable}
    assert len(leads.living("leads")) == 100
    assert leads.changes() == (199_801, 0, 0)


def test_warehouse_that_dies_in_the_middle_leaves_what_was_there(leads):
    leads.source("insert into leads select n from generate_series(200, 200000) n")

    with pytest.raises(WarehouseError, match=r"landing\.leads"):
        leads.load(on_progress=lambda *_: kill(leads, "query ilike '%from stdin%'"))

    assert len(leads.living("leads")) == 100
    assert leads.changes() == (199_801, 0, 0)


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        (
            "postgresql://postgres@127.0.0.1:1/x",
            SourceUnreachable,
            "LANDING_DATABASE_URL",
        ),
        (
            "postgresql://p:canary@host/x?nonsense=1",
            SourceUnreachable,
            "not a PostgreSQL URL",
        ),
        ("{source}_gone", SourceUnreachable, "does not exist"),
        ("postgresql://stranger:canary@{place}", AuthError, "user and password"),
    ],
)
def test_unreachable_source_fails_each_of_its_tables(leads, url, kind, says):
    place = leads.source_url.split("@")[1]
    url = url.format(source=leads.source_url, place=place)
    leads.tables.append(declare("other", {"id": "int"}))

    loads = leads.load(source_url=url, run_id="bad")

    assert {type(load.error) for load in loads.values()} == {kind}
    messages = [str(load.error) for load in loads.values()]
    assert all(
        message.startswith("landing: ") and says in message for message in messages
    )
    assert not any("canary" in message for message in messages)
    log = "select table_name, outcome from raw._loads where run_id = 'bad'"
    assert leads.raw(log) == [("leads", "failed"), ("other", "failed")]
    assert len(leads.living("leads")) == 100


def test_wrong_password_is_an_auth_error_without_the_password(leads, server):
    rules = server.data / "pg_hba.conf"
    rules.write_text(f"host all locked all scram-sha-256\n{rules.read_text()}")
    leads.source("create role locked login password 'right'", "select pg_reload_conf()")
    url = leads.source_url.replace("//postgres@", "//locked:canary@")

    error = leads.load(source_url=url)["leads"].error

    assert isinstance(error, AuthError)
    assert "password authentication failed" in str(error)
    assert "canary" not in str(error)


def test_another_database_behind_the_url_is_noticed(leads, new_database):
    loads = leads.load(source_url=new_database())

    error = loads["leads"].error
    assert isinstance(error, SchemaChanged)
    assert "none of the 1 declared tables" in str(error)


def test_row_security_that_hides_rows_stops_the_table(leads):
    role = leads.source_url.rpartition("/")[2] + "_reader"
    leads.source(
        f"create role {role} login",
        f"grant select on leads to {role}",
        "alter table leads enable row level security",
    )
    url = leads.source_url.replace("//postgres@", f"//{role}@")

    error = leads.load(source_url=url)["leads"].error

    assert isinstance(error, LoadRefused)
    assert "row security hides rows" in str(error)
    assert len(leads.living("leads")) == 100
    leads.source(f"create policy all_rows on leads for select to {role} using (true)")
    assert leads.changes(source_url=url) == (0, 0, 0)


def test_table_that_may_not_be_read_names_the_grant(leads):
    role = leads.source_url.rpartition("/")[2] + "_poor"
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source(
        "create table other (id int primary key)",
        f"create role {role} login",
        f"grant select (id, updated_at) on leads to {role}",
    )
    url = leads.source_url.replace("//postgres@", f"//{role}@")

    loads = leads.load(source_url=url)

    assert isinstance(loads["other"].error, AuthError)
    assert "grant select on public.other" in str(loads["other"].error)
    assert loads["leads"].warnings == ("missing columns (loaded as NULL): name",)


def test_schema_is_the_one_of_the_search_path(leads):
    leads.source(
        "create schema app",
        "create table app.leads (like public.leads including all)",
        "insert into app.leads values (1, 'of app', null)",
    )
    url = leads.source_url + "?options=-csearch_path%3Dapp"

    load = leads.load(source_url=url, confirm_deletes=True)["leads"]

    assert load.result.rows_read == 1
    assert leads.living("leads", "name") == [("of app",)]
