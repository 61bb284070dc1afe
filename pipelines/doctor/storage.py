"""Checks of Dagster's own storage: runs, events, schedules.

How old its runs and heartbeats are belongs to `health.py`.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pipelines.doctor import servers
from pipelines.doctor.findings import Finding, Look, Remark, conduct, error, ok, warning
from pipelines.doctor.servers import Clock
from pipelines.doctor.sessions import Session

SYSTEM = "dagster"
VARIABLE = "DAGSTER_POSTGRES_URL"
DRIVERS = ("postgresql", "postgresql+psycopg2")


def examine_storage(url: str, *, clock: Clock) -> Iterator[Finding]:
    """Look at the database where Dagster keeps its runs."""

    def checks(session: Session) -> Mapping[str, Look]:
        return {
            "TLS": lambda: check_tls(session, url),
            "tables": lambda: check_tables(session),
            "clock": lambda: servers.check_clock(session, clock),
            "encoding": lambda: servers.check_encoding(session, decides=True),
            "pooler": lambda: servers.check_pooler(session, VARIABLE, fits=False),
        }

    yield from conduct(SYSTEM, {"address": lambda: check_address(url)})
    yield from servers.examine(SYSTEM, url, variable=VARIABLE, checks=checks)


def check_address(url: str) -> Iterator[Remark]:
    """Read the address as Dagster does, by SQLAlchemy."""
    remedy = f"write {VARIABLE} as postgresql://user:password@host:port/database"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        yield error("SQLAlchemy cannot read it (its text is not shown)", remedy)
        return
    if parsed.drivername in DRIVERS:
        yield ok(f"{parsed.drivername}://, as Dagster needs it")
    elif parsed.drivername == "postgres":
        yield error("SQLAlchemy knows postgresql://, not postgres://", remedy)
    else:
        yield error(
            f"Dagster's event storage does not work with {parsed.drivername}", remedy
        )


def check_tls(session: Session, url: str) -> Iterator[Remark]:
    """Say whether Dagster, which does not take our defaults, verifies the server."""
    if session.is_loopback or "sslmode=" in url:
        yield from servers.check_tls(session, VARIABLE)
        return
    yield warning(
        "the address states no sslmode; Dagster's driver verifies nothing by itself",
        f"add ?sslmode=verify-full&sslrootcert=... to {VARIABLE}",
    )


def check_tables(session: Session) -> Iterator[Remark]:
    """Say whether Dagster can keep its tables there."""
    row = session.row(_TABLES)
    if row["exists"] and not row["may_write"]:
        yield error(
            "the role may not write Dagster's tables",
            "let the role that created them connect, or give it their ownership",
        )
    elif not row["exists"] and not row["may_create"]:
        yield error(
            "Dagster's tables are not there, and the role may not create them",
            "grant create on the schema of its search path to it (`grant create on "
            "schema public`)",
        )
    elif row["exists"]:
        yield ok("Dagster's tables are there and writable")
    else:
        yield ok("empty; Dagster makes its tables at the first start")


_TABLES = """
select
    to_regclass('runs') is not null as exists,
    coalesce(
        has_table_privilege(to_regclass('runs')::oid, 'insert')
        and has_table_privilege(to_regclass('runs')::oid, 'update'),
        false
    ) as may_write,
    coalesce(has_schema_privilege(current_schema()::text, 'create'), false)
        as may_create
"""
