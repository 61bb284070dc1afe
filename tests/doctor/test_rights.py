"""What the doctor says of a source's role that may do more than read."""

import pytest

from pipelines.doctor import rights
from pipelines.doctor.sessions import open_session
from tests.doctor.looking import USABLE, Base, examine, leads_table, of, said, source


@pytest.mark.parametrize("is_production", [True, False])
def test_a_superuser_is_an_error_in_production_only(base: Base, is_production: bool):
    given = source(base.url, leads_table(), is_production=is_production)

    findings = of(examine(given), "landing", "role")

    assert [finding.state for finding in findings] == (
        ["error"] if is_production else ["warning"]
    )


@pytest.mark.parametrize(
    ("attributes", "grant", "named"),
    [
        ("replication", "", "REPLICATION"),
        ("", "grant pg_read_all_data to {}", "pg_read_all_data"),
        ("", "grant pg_write_all_data to {}", "pg_write_all_data"),
        ("noinherit", "grant postgres to {}", "may become postgres"),
    ],
)
def test_a_role_that_reads_past_its_grants_is_an_error(
    base: Base, attributes: str, grant: str, named: str
):
    url = base.role(*filter(None, [grant]), attributes=attributes)

    with open_session(url, system="landing", variable="X") as session:
        remarks = list(rights.check_role(session, is_lenient=False))

    assert named in said(remarks, "error")


def test_bypassing_row_security_is_told_without_alarm(base: Base):
    url = base.role(attributes="bypassrls")

    with open_session(url, system="landing", variable="X") as session:
        remarks = list(rights.check_role(session, is_lenient=False))

    assert "BYPASSRLS" in said(remarks, "note")
    assert said(remarks, "error") == ""


def test_a_readable_table_of_tokens_is_an_error(base: Base):
    url = base.role(USABLE, "grant select on leads, integration_tokens to {}")

    findings = examine(source(url, leads_table(), is_production=True))

    errors = said(findings, "error")
    assert "public.integration_tokens" in errors
    assert "revoke all" in errors


def test_one_granted_column_makes_a_table_of_tokens_readable(base: Base):
    url = base.role(
        USABLE,
        "grant select on leads to {}",
        "grant select (id) on integration_tokens to {}",
    )

    findings = examine(source(url, leads_table(), is_production=True))

    assert "integration_tokens" in said(findings, "error")


def test_a_grant_without_the_schema_reads_no_token(base: Base):
    base.run(
        "create schema vault",
        "create table vault.secrets (secret text)",
        "grant select on vault.secrets to public",
    )
    url = base.role(USABLE, "grant select on leads to {}")

    findings = examine(source(url, leads_table(), is_production=True))

    assert said(findings, "error") == ""


def test_columns_of_secrets_that_a_whole_grant_opens_are_named(base: Base):
    base.run("alter table leads add fb_access_token text, add password_changed boolean")
    url = base.role(USABLE, "grant select on leads to {}")

    findings = examine(source(url, leads_table()))

    assert "leads.fb_access_token" in said(findings, "warning")
    assert "password_changed" not in said(findings, "warning")


def test_a_role_that_may_write_is_warned_of(base: Base):
    url = base.role(
        "grant usage, create on schema public to {}",
        "grant select, update on leads to {}",
    )

    findings = examine(source(url, leads_table()))

    warnings = said(findings, "warning")
    assert "can change leads" in warnings
    assert "can create objects in public" in warnings
