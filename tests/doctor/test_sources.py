"""What the doctor says of a source database: its role, its tables, its server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.catalog import load_catalog
from pipelines.doctor import servers
from pipelines.doctor.findings import warning
from pipelines.doctor.servers import OFFSETS, judge_offsets
from pipelines.doctor.sessions import open_session
from pipelines.doctor.sources import DATABASES, Source
from pipelines.sandbox.databases import SCHEMAS
from pipelines.sandbox.server import PostgresServer
from tests.conftest import NewDatabase
from tests.doctor.looking import (
    USABLE,
    Base,
    examine,
    leads_table,
    of,
    role_of,
    said,
    source,
)
from tests.faults.pooler import Pooler


def test_a_role_with_just_the_declared_columns_passes(base: Base):
    url = base.role(
        USABLE,
        "grant select (id, name, updated_at, xmin) on leads to {}",
    )

    findings = examine(source(url, leads_table(mode="xmin"), is_production=True))

    assert said(findings, "error") == ""
    assert said(findings, "warning") == ""
    assert "1 of 1 declared tables can be read" in said(findings, "ok")


def test_row_security_that_hides_rows_is_an_error(base: Base):
    base.run(
        "alter table leads enable row level security",
        "create policy mine on leads for select using (id < 10)",
    )
    url = base.role(USABLE, "grant select on leads to {}")

    findings = examine(source(url, leads_table()))

    assert "row security hides rows" in said(findings, "error")
    assert "BYPASSRLS" in said(findings, "error")


def test_tables_that_may_not_be_read_are_named_once_with_the_grant(base: Base):
    base.run("create table clicks (id int primary key)")
    url = base.role(USABLE)
    clicks = leads_table(source_table="clicks")

    findings = of(examine(source(url, leads_table(), clicks)), "landing", "tables")

    (refused,) = [finding for finding in findings if finding.state == "error"]
    assert "may not read" in refused.message
    assert "grant select on public.leads" in (refused.remedy or "")


def test_a_declared_column_without_its_grant_is_an_error(base: Base):
    url = base.role(USABLE, "grant select (id, updated_at) on leads to {}")

    findings = examine(source(url, leads_table()))

    assert "name" in said(findings, "error")
    assert "grant select" in said(findings, "error")


def test_xmin_is_asked_for_only_where_it_is_read(base: Base):
    url = base.role(USABLE, "grant select (id, name, updated_at) on leads to {}")

    small = examine(source(url, leads_table()))
    large = examine(source(url, leads_table(mode="xmin")))

    assert "xmin" not in said(small, "warning")
    assert "grant select (xmin) on public.leads" in said(large, "warning")


def test_missing_and_undeclared_columns_are_counted_and_named_in_details(base: Base):
    base.run("alter table leads drop column name", "alter table leads add phone text")

    notes = said(examine(source(base.url, leads_table())), "note")

    assert "optional columns missing, loaded as NULL: 1 | leads.name" in notes
    assert "columns declared nowhere, never loaded: 1 | leads.phone" in notes


def test_a_missing_required_table_is_an_error(base: Base):
    base.run("drop table leads", "create table visits (id int primary key)")
    visits = leads_table(source_table="visits")

    findings = examine(source(base.url, visits, replace(leads_table(), required=True)))

    assert "a required table is missing: leads" in said(findings, "error")


def test_swapped_addresses_are_recognised_by_their_tables(new_database: NewDatabase):
    base = Base(new_database())
    base.run((SCHEMAS / "traffic.sql").read_text())
    catalog = load_catalog()

    for system in DATABASES:
        given = Source(system, base.url, catalog, is_production=False)
        errors = said(of(examine(given), system, "tables"), "error")

        if system == "traffic":
            assert errors == ""
        else:
            assert "looks like the traffic database" in errors
            assert f"{system.upper()}_DATABASE_URL" in errors


def test_tables_outside_the_search_path_are_found(base: Base):
    base.run("create schema app", "alter table leads set schema app")

    errors = said(examine(source(base.url, leads_table())), "error")

    assert "app.leads" in errors
    assert "search_path" in errors


def test_an_empty_database_is_an_error(new_database: NewDatabase):
    errors = said(examine(source(new_database(), leads_table())), "error")

    assert "none of the 1 declared tables" in errors


@pytest.mark.parametrize(
    ("minutes", "state"), [(0, "ok"), (0.2, "warning"), (-5, "error")]
)
def test_a_wrong_clock_of_this_machine_is_measured(
    base: Base, minutes: float, state: str
):
    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=minutes)

    findings = examine(source(base.url, leads_table()), clock=clock)

    assert [one.state for one in of(findings, "landing", "clock")] == [state]


def test_old_time_zone_data_is_named_by_its_days():
    old = dict.fromkeys(OFFSETS, timedelta(hours=6))

    (remark,) = judge_offsets(old, warning, remedy="update it")

    assert "2024-03-15, 2026-01-01" in remark.message


def test_every_clock_and_zone_of_the_test_server_is_right(base: Base):
    findings = examine(source(base.url, leads_table()))

    for check in ("clock", "time zones", "encoding", "identity", "pooler"):
        assert [one.state for one in of(findings, "landing", check)] == ["ok"], check
    assert [one.state for one in servers.check_python_zones()] == ["ok"]


def test_the_system_identifier_may_be_refused(base: Base):
    base.run("revoke execute on function pg_control_system() from public")
    url = base.role(USABLE, "grant select on leads to {}")

    findings = examine(source(url, leads_table()))

    assert "may not ask for the system identifier" in said(findings, "note")


def test_a_database_in_another_encoding_is_told(server: PostgresServer):
    Base(server.url("postgres")).run(
        "create database doctor_ascii encoding 'SQL_ASCII' locale 'C' "
        "locale_provider libc template template0"
    )
    url = server.url("doctor_ascii")

    with open_session(url, system="landing", variable="X") as session:
        read = list(servers.check_encoding(session, decides=False))
        stored = list(servers.check_encoding(session, decides=True))

    assert "SQL_ASCII" in said(read, "warning")
    assert "SQL_ASCII" in said(stored, "error")


def test_a_transaction_pooler_fits_a_source_and_no_warehouse(base: Base):
    with (
        Pooler(base.url) as pooler,
        open_session(pooler.url(), system="landing", variable="X") as session,
    ):
        read = list(servers.check_pooler(session, "X", fits=True))
        stored = list(servers.check_pooler(session, "WAREHOUSE_URL", fits=False))

    assert "transaction pooler" in said(read, "ok")
    assert "WAREHOUSE_URL" in said(stored, "error")


def test_the_whole_examination_works_through_a_transaction_pooler(base: Base):
    with Pooler(base.url) as pooler:
        findings = examine(source(pooler.url(), leads_table()))

    assert said(findings, "error") == ""


def test_an_unencrypted_way_to_a_remote_server_is_an_error(base: Base):
    # A name that is not this machine's, though the address is.
    remote = base.url.replace("127.0.0.1", "db.example.com") + "?hostaddr=127.0.0.1"

    refused = examine(source(remote, leads_table()))
    plain = examine(source(f"{remote}&sslmode=prefer", leads_table()))

    assert "SSL" in said(of(refused, "landing", "connection"), "error")
    assert "not encrypted" in said(of(plain, "landing", "TLS"), "error")


@pytest.fixture
def guarded(server: PostgresServer, base: Base) -> Iterator[str]:
    """Return the URL of a role whose password the server asks for."""
    url = base.role(USABLE, attributes="password 'right'", password=":wrong")
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    rule = f"host all {role_of(url)} 127.0.0.1/32 scram-sha-256\n"
    rules.write_text(rule + before)
    base.run("select pg_reload_conf()")
    yield url
    rules.write_text(before)
    base.run("select pg_reload_conf()")


def test_a_wrong_password_names_the_variable_and_no_password(guarded: str):
    findings = examine(source(guarded, leads_table()))

    (finding,) = findings
    assert finding.check == "connection"
    assert "password authentication failed" in finding.message
    assert "LANDING_DATABASE_URL" in (finding.remedy or "")
    assert "wrong" not in str(finding)


def test_a_server_that_does_not_answer_is_one_finding():
    findings = examine(source("postgresql://x@127.0.0.1:1/y", leads_table()))

    assert [finding.check for finding in findings] == ["connection"]
    assert "LANDING_DATABASE_URL" in said(findings, "error")


def test_nothing_is_left_behind_in_a_source(base: Base):
    def state() -> list[object]:
        with open_session(base.url, system="landing", variable="X") as session:
            return session.rows(
                "select relname from pg_class where oid >= 16384 order by 1"
            )

    before = state()

    examine(source(base.url, leads_table()))

    assert state() == before
