"""What stops a load of a source database, and what it leaves behind."""

import pytest

from pipelines.errors import (
    AuthError,
    ConfigurationError,
    LoadRefused,
    SourceUnreachable,
    WarehouseError,
)
from pipelines.load.guards import Confirmation
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import LEADS, declare

GONE = Confirmation(deletes=["leads"])


@in_both_modes
@pytest.mark.parametrize("gone", [51, 100])
def test_mass_delete_needs_a_confirmation(leads, mode, gone):
    leads.tables[0] = declare("leads", LEADS, mode=mode)
    leads.source(
        f"delete from leads where id <= {gone}",
        "insert into leads values (900, 'new', now())",
    )

    load = leads.load()["leads"]

    assert isinstance(load.error, LoadRefused)
    assert load.error.guard == "mass_delete"
    assert f"{gone} of 100 rows are missing" in str(load.error)
    assert load.outcome == "failed"
    assert load.result.rows_inserted == 1
    assert len(leads.living("leads")) == 101
    log = "select outcome, error, rows_inserted from raw._loads order by load_id desc"
    assert leads.raw(log)[0] == ("failed", str(load.error), 1)
    assert "confirm_deletes: [leads]" in str(load.error)
    assert leads.load()["leads"].error
    assert leads.changes(confirm=GONE) == (0, 0, gone)
    assert leads.changes() == (0, 0, 0)


@in_both_modes
@pytest.mark.parametrize("key", [("id",), ()])
@pytest.mark.parametrize("emptying", ["truncate few", "delete from few"])
def test_emptied_table_needs_a_confirmation_at_any_size(pair, mode, key, emptying):
    pair.source(
        "create table few (id int primary key)",
        "insert into few values (1), (2), (3)",
    )
    pair.tables.append(declare("few", {"id": "int"}, key=key, mode=mode))
    assert pair.changes("few") == (3, 0, 0)
    pair.source(emptying)

    load = pair.load()["few"]

    assert "3 of 3 rows are missing" in str(load.error)
    assert len(pair.living("few")) == 3
    confirmed = Confirmation(deletes=["few"])
    assert pair.changes("few", confirm=confirmed) == (0, 0, 3)
    assert pair.changes("few") == (0, 0, 0)


@in_both_modes
@pytest.mark.parametrize("key", [("id",), ()])
def test_table_that_may_empty_does_so_without_asking(pair, mode, key):
    pair.source(
        "create table log (id int primary key)",
        "insert into log select generate_series(1, 200)",
    )
    pair.tables.append(
        declare("log", {"id": "int"}, key=key, mode=mode, may_empty=True)
    )
    pair.load()
    pair.source("delete from log where id > 100")
    assert pair.load()["log"].error
    pair.source("truncate log")

    assert pair.changes("log") == (0, 0, 200)


@in_both_modes
def test_small_table_written_anew_is_no_emptied_one(pair, mode):
    pair.source(
        "create table few (id int primary key)", "insert into few values (1), (2)"
    )
    pair.tables.append(declare("few", {"id": "int"}, mode=mode))
    pair.load()
    pair.source("delete from few", "insert into few values (3), (4)")

    assert pair.changes("few") == (2, 0, 2)


def test_empty_table_is_loaded_and_a_missing_one_is_absent(leads):
    columns = {"id": "int"}
    leads.tables += [declare("empty", columns), declare("absent", columns)]
    leads.source("create table empty (id int primary key)", "drop table leads")

    for _ in range(2):
        loads = leads.load()

        assert {name: load.outcome for name, load in loads.items()} == {
            "leads": "absent",
            "empty": "loaded",
            "absent": "absent",
        }
        assert not any(load.error for load in loads.values())
    assert "the rows of its last load stay" in loads["leads"].warnings[0]
    assert loads["absent"].warnings == loads["empty"].warnings == ()
    assert len(leads.living("leads")) == 100


def test_confirmation_holds_for_the_tables_it_names(leads):
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source("create table other (id int primary key)", "delete from leads")

    assert leads.load(confirm=Confirmation(deletes=["other"]))["leads"].error
    for switch in ("deletes", "types", "source"):
        confirm = Confirmation(**{switch: ["leeds"]})
        says = f"confirm_{switch} names leeds, but landing has only leads"
        with pytest.raises(ConfigurationError, match=says):
            leads.load(confirm=confirm)


def test_star_confirms_every_table(leads):
    leads.source("delete from leads")

    assert leads.changes(confirm=Confirmation(deletes=["*"])) == (0, 0, 100)


def test_a_few_deletes_are_a_normal_day(leads):
    leads.source("delete from leads where id <= 50")

    assert leads.changes() == (0, 0, 50)


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
    assert error.guard == "bad_keys"
    assert "landing.leads: rows repeat or lack their key" in str(error)
    assert "id" in str(error)
    assert pair.living("leads") == []


@pytest.mark.parametrize(
    ("spoiling", "says"),
    [
        ("insert into leads values (7, 'again', now())", "(id) = (7) x 2"),
        ("insert into leads values (null, 'none', now())", "(id) = (NULL) x 1"),
    ],
)
def test_bad_keys_stop_their_table_before_anything_changes(leads, spoiling, says):
    leads.source(
        "alter table leads drop constraint leads_pkey",
        "alter table leads alter id drop not null",
        "update leads set name = 'new' where id = 1",
        spoiling,
        "create table other (id int primary key)",
    )
    leads.tables.append(declare("other", {"id": "int"}))
    before = leads.raw("select * from raw.landing__leads order by id")

    loads = leads.load()

    assert says in str(loads["leads"].error)
    assert loads["other"].outcome == "loaded"
    assert leads.raw("select * from raw.landing__leads order by id") == before


def test_load_that_the_warehouse_refuses_keeps_what_was_there(leads):
    leads.source("update leads set name = 'bad' where id = 7")
    leads.raw("alter table raw.landing__leads add check (name <> 'bad')")

    error = leads.load()["leads"].error

    assert isinstance(error, WarehouseError)
    assert "bad" not in str(error)
    names = "select name from raw.landing__leads where id = 7"
    assert leads.raw(names) == [("lead 7",)]


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
            "libpq does not know the parameter",
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


def test_table_that_may_not_be_read_names_the_grant(leads):
    role = leads.source_url.rpartition("/")[2] + "_poor"
    leads.tables.append(declare("other", {"id": "int"}))
    leads.source(
        "create table other (id int primary key)",
        f"create role {role} login",
        f"grant select (id, name, updated_at) on leads to {role}",
    )
    url = leads.source_url.replace("//postgres@", f"//{role}@")

    loads = leads.load(source_url=url)

    assert isinstance(loads["other"].error, AuthError)
    assert "grant select on public.other" in str(loads["other"].error)
    assert loads["leads"].error is None
