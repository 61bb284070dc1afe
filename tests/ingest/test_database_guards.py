"""What stops a load of a source database, and what it leaves behind."""

import pytest

from pipelines.errors import (
    AuthError,
    ConfigurationError,
    LoadRefused,
    SchemaChanged,
    SourceUnreachable,
    WarehouseError,
)
from tests.ingest.source import Pair, declare


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
    assert "confirm_deletes: [leads]" in str(load.error)
    assert leads.changes(confirm_deletes=["leads"]) == (0, 0, gone)


def test_confirmation_holds_for_the_tables_it_names(leads):
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("create table other (id int primary key)", "delete from leads")

    assert leads.load(confirm_deletes=["other"])["leads"].error
    with pytest.raises(ConfigurationError, match="leeds, but landing has only leads"):
        leads.load(confirm_deletes=["leeds"])


def test_a_few_deletes_are_a_normal_day(leads):
    leads.source("delete from leads where id <= 50")

    assert leads.changes() == (0, 0, 50)


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
    assert pair.changes("clicks", confirm_deletes=["clicks"]) == (0, 0, 60)


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
    assert loads["leads"].notes == ("missing columns (loaded as NULL): name",)
