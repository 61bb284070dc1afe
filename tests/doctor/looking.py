"""What the doctor's tests share: roles, small databases, remarks by their state."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from pipelines.catalog import Catalog, Table
from pipelines.clock import read_clock
from pipelines.doctor.findings import Finding, Remark
from pipelines.doctor.sources import Source, examine_source
from tests.ingest.source import LEADS, declare

USABLE = "grant usage on schema public to {}"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Base:
    """A database that a test shapes as its superuser and shows to a role."""

    url: str

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def role(self, *grants: str, attributes: str = "", password: str = "") -> str:
        """Create a role, give it rights ({} is its name), return its URL."""
        name = f"doctor_{next(numbers)}"
        self.run(f"create role {name} login {attributes}")
        self.run(*(grant.format(name) for grant in grants))
        return self.url.replace("postgres@", f"{name}{password}@", 1)


def role_of(url: str) -> str:
    return urlsplit(url).username or ""


def leads_table(**more: object) -> Table:
    return declare("leads", LEADS, **more)


def source(url: str, *tables: Table, is_production: bool = False) -> Source:
    return Source("landing", url, Catalog(tables), is_production)


def said(remarks: Iterable[Remark | Finding], state: str) -> str:
    """Return what was said in a state, remedies and details included."""
    return "\n".join(
        " | ".join(filter(None, [one.message, one.remedy, *one.details]))
        for one in remarks
        if one.state == state
    )


def of(findings: Iterable[Finding], system: str, check: str = "") -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.system == system and check in ("", finding.check)
    ]


def examine(given: Source, **options: object) -> list[Finding]:
    options = {"clock": lambda: read_clock(None), "keep": lambda identity: None} | (
        options
    )
    return list(examine_source(given, **options))
