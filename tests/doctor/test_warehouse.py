"""What the doctor says of the warehouse and of Dagster's storage."""

import psycopg
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.clock import read_clock
from pipelines.doctor import storage
from pipelines.doctor.findings import Finding
from pipelines.doctor.rounds import twins
from pipelines.doctor.servers import Identity
from pipelines.doctor.sessions import open_session
from pipelines.doctor.storage import examine_storage
from pipelines.doctor.warehouse import check_orphans, check_session, examine_warehouse
from pipelines.load.merge import LOCK_CLASS
from pipelines.warehouse import connect, prepare
from tests.conftest import NewDatabase
from tests.doctor.looking import Base, of, said
from tests.faults.pooler import Pooler


@pytest.fixture
def empty(new_database: NewDatabase) -> Base:
    return Base(new_database())


def examine(url: str) -> list[Finding]:
    found = examine_warehouse(
        url, clock=lambda: read_clock(None), keep=lambda identity: None
    )
    return list(found)


def store(url: str) -> list[Finding]:
    return list(examine_storage(url, clock=lambda: read_clock(None)))


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_an_empty_database_with_the_right_to_create_will_do(empty: Base):
    url = empty.role(f"grant create on database {name_of(empty.url)} to {{}}")

    findings = examine(url)

    assert said(findings, "error") == ""
    assert said(findings, "warning") == ""
    assert "raw, staging will be made by the first run" in said(findings, "ok")


def test_a_role_that_cannot_make_the_schemas_is_told_so(empty: Base):
    url = empty.role()

    errors = said(of(examine(url), "warehouse", "schemas"), "error")

    assert "history, intermediate, marts, raw, staging are missing" in errors
    assert "grant create on database" in errors


def test_tables_of_another_owner_are_an_error(empty: Base):
    with connect(empty.url) as warehouse:
        prepare(warehouse, Catalog(load_catalog().of("tripwire")))
    url = empty.role(
        f"grant create on database {name_of(empty.url)} to {{}}",
        "grant usage, create on schema raw, history, marts to {}",
    )

    errors = said(of(examine(url), "warehouse", "schemas"), "error")

    assert "belong to other roles" in errors
    assert "raw.tripwire__users" in errors


def test_a_schema_that_is_closed_to_the_role_is_an_error(empty: Base):
    empty.run("create schema raw", "create schema marts")
    url = empty.role(f"grant create on database {name_of(empty.url)} to {{}}")

    errors = said(of(examine(url), "warehouse", "schemas"), "error")

    assert "may not create tables in marts, raw" in errors


def test_a_role_set_to_read_only_is_an_error(empty: Base):
    url = empty.role(
        f"grant create on database {name_of(empty.url)} to {{}}",
        "alter role {} set default_transaction_read_only = on",
    )

    assert "read only" in said(of(examine(url), "warehouse", "writable"), "error")


def test_a_transaction_pooler_before_the_warehouse_is_an_error(empty: Base):
    with Pooler(empty.url) as pooler:
        errors = said(examine(pooler.url()), "error")

    assert "transaction pooler" in errors
    assert "WAREHOUSE_URL" in errors


def test_a_load_that_idles_with_its_lock_is_named(empty: Base):
    with (
        psycopg.connect(empty.url) as load,
        open_session(empty.url, system="warehouse", variable="X") as session,
    ):
        load.execute("select pg_advisory_xact_lock(%s, 1)", [LOCK_CLASS])
        pid = load.info.backend_pid
        idle = said(check_orphans(session, minutes=0), "warning")
        young = list(check_orphans(session))

    assert f"pg_terminate_backend({pid})" in idle
    assert said(young, "warning") == ""


def test_the_session_settings_of_loads_are_known_to_the_server(empty: Base):
    with open_session(empty.url, system="warehouse", variable="X") as session:
        remarks = list(check_session(session))
        row = session.row("select current_setting('statement_timeout') as limit")

    assert [remark.state for remark in remarks] == ["ok"]
    assert row["limit"] == "10s", "tried, not kept"


def test_two_roles_of_one_database_are_noticed():
    here, there = Identity("1", 5), Identity("1", 6)

    findings = list(
        twins({"landing": here, "traffic": here, "tripwire": there, "warehouse": there})
    )

    assert [(one.system, one.state) for one in findings] == [
        ("traffic", "warning"),
        ("warehouse", "note"),
    ]


def test_dagster_needs_the_right_to_make_its_tables(empty: Base):
    poor = said(store(empty.role("grant usage on schema public to {}")), "error")
    rich = store(empty.role("grant create on schema public to {}"))

    assert "may not create them" in poor
    assert said(rich, "error") == ""


def test_dagster_refuses_addresses_that_sqlalchemy_reads_otherwise():
    for scheme, state in {
        "postgresql": "ok",
        "postgresql+psycopg2": "ok",
        "postgresql+psycopg": "error",
        "postgres": "error",
    }.items():
        remarks = list(storage.check_address(f"{scheme}://user:secret@host/dagster"))

        assert [remark.state for remark in remarks] == [state], scheme
        assert "secret" not in str(remarks)


def test_dagster_is_told_to_verify_a_remote_server(empty: Base):
    remote = empty.url.replace("127.0.0.1", "db.example.com") + "?hostaddr=127.0.0.1"

    with open_session(f"{remote}&sslmode=disable", system="x", variable="X") as session:
        remarks = list(storage.check_tls(session, remote))

    assert "sslmode=verify-full" in said(remarks, "warning")
