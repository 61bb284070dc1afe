"""Checks of the warehouse: that loads, dbt and the publishing can work in it.

Whether what it holds is fresh belongs to `health.py`.
"""

from collections.abc import Callable, Iterator, Mapping

import psycopg

from pipelines.doctor import servers
from pipelines.doctor.findings import (
    Finding,
    Look,
    Remark,
    error,
    listed,
    note,
    ok,
    warning,
)
from pipelines.doctor.servers import Clock, Identity
from pipelines.doctor.sessions import Session
from pipelines.load.merge import LOCK_CLASS
from pipelines.load.views import REBUILT_SCHEMAS
from pipelines.warehouse import SCHEMAS, SESSION

SYSTEM = "warehouse"
VARIABLE = "WAREHOUSE_URL"
ORPHAN_MINUTES = 10


def examine_warehouse(
    url: str, *, clock: Clock, keep: Callable[[Identity], None]
) -> Iterator[Finding]:
    """Look at the warehouse, from its server down to its schemas."""

    def checks(session: Session) -> Mapping[str, Look]:
        return {
            "TLS": lambda: servers.check_tls(session, VARIABLE),
            "identity": lambda: servers.check_identity(session, keep),
            "writable": lambda: check_writable(session),
            "schemas": lambda: check_schemas(session),
            "role": lambda: check_owner(session),
            "session": lambda: check_session(session),
            "orphans": lambda: check_orphans(session),
            "size": lambda: check_size(session),
            "clock": lambda: servers.check_clock(session, clock),
            "time zones": lambda: servers.check_zones(session, decides=True),
            "encoding": lambda: servers.check_encoding(session, decides=True),
            "pooler": lambda: servers.check_pooler(session, VARIABLE, fits=False),
        }

    yield from servers.examine(SYSTEM, url, variable=VARIABLE, checks=checks)


def check_writable(session: Session) -> Iterator[Remark]:
    """Say whether the server takes changes at all."""
    row = session.row(_WRITABLE)
    if row["is_standby"]:
        yield error(
            "the server is a standby, which takes no changes",
            f"point {VARIABLE} to the primary",
        )
    elif row["read_only"] == "on":
        yield error(
            "the role or the database is set to read only, or the disk is full",
            "see default_transaction_read_only (`alter role ... reset`), and whether "
            "the provider switched it on because the disk is full",
        )
    else:
        yield ok("takes changes")


def check_schemas(session: Session) -> Iterator[Remark]:
    """Say whether each schema of the pipeline is usable, or may be created."""
    names = [*SCHEMAS, *REBUILT_SCHEMAS]
    row = session.row(_SCHEMAS, {"names": names})
    missing = sorted(set(names) - set(row["found"]))
    if row["closed"]:
        yield error(
            f"the role may not create tables in {', '.join(row['closed'])}",
            f"grant usage, create on schema {', '.join(row['closed'])} to it, or give "
            "it these schemas (`alter schema ... owner to`)",
        )
    if missing and not row["may_create"]:
        yield error(
            f"the schemas {', '.join(missing)} are missing, and the role may not "
            "create them",
            "grant create on database to it, or create them with it as the owner",
        )
    if foreign := row["foreign"]:
        yield error(
            f"{len(foreign)} tables and views belong to other roles, so they can "
            f"neither be changed nor rebuilt: {listed(foreign)}",
            "alter ... owner to the role of the connection, or be a member of theirs",
            details=foreign,
        )
    if not (row["closed"] or foreign or (missing and not row["may_create"])):
        there = f"{', '.join(row['found'])} can be used" if row["found"] else ""
        made = f"{', '.join(missing)} will be made by the first run" if missing else ""
        yield ok("; ".join(filter(None, [there, made])))


def check_owner(session: Session) -> Iterator[Remark]:
    """Say whether the loader's role could do far more than it needs."""
    row = session.row(_ROLE)
    if row["is_super"]:
        yield warning(
            "the role is a superuser",
            "use a role that owns the pipeline's schemas and nothing else",
        )
    else:
        yield ok(f"{row['name']} is no superuser")


def check_session(session: Session) -> Iterator[Remark]:
    """Try the settings by which a dead client loses its locks."""
    for name, value in SESSION.items():
        try:
            session.row("select set_config(%s, %s, true)", [name, value])
        except psycopg.Error:
            yield error(
                f"the server does not know the setting {name} = {value}",
                "use PostgreSQL 14 or later on an operating system that has it; "
                "without it a cut connection holds its locks",
            )
            return
    yield ok("dead clients lose their locks within seconds")


def check_orphans(
    session: Session, *, minutes: int = ORPHAN_MINUTES
) -> Iterator[Remark]:
    """Name the backends that hold a load's lock and do nothing."""
    values = {"class": LOCK_CLASS, "age": f"{minutes} minutes"}
    rows = session.rows(_ORPHANS, values)
    if not rows:
        yield ok("no forgotten load holds a lock")
        return
    pids = ", ".join(str(row["pid"]) for row in rows)
    yield warning(
        f"{len(rows)} loads have been idle for over {minutes} minutes and hold "
        f"the lock of a table (backends {pids})",
        f"if their runs are dead: select pg_terminate_backend({rows[0]['pid']}); "
        "otherwise the server ends them within two hours",
    )


def check_size(session: Session) -> Iterator[Remark]:
    """Say how large the database is."""
    try:
        row = session.row(_SIZE)
    except psycopg.errors.InsufficientPrivilege:
        yield note("the role may not ask for the size of the database")
        return
    yield ok(f"the database takes {row['size']}")


_WRITABLE = """
select
    pg_is_in_recovery() as is_standby,
    current_setting('default_transaction_read_only') as read_only
"""
# Inherited rights count: a member of the owner may do what the owner may.
_SCHEMAS = """
select
    array(
        select nspname::text from pg_namespace where nspname = any(%(names)s) order by 1
    ) as found,
    array(
        select nspname::text from pg_namespace
        where nspname = any(%(names)s) and not (
            has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create')
        )
        order by 1
    ) as closed,
    array(
        select format('%%I.%%I', namespace.nspname, class.relname)
        from pg_class as class
        inner join pg_namespace as namespace on namespace.oid = class.relnamespace
        where namespace.nspname = any(%(names)s)
            and class.relkind in ('r', 'p', 'v', 'm')
            and not pg_has_role(class.relowner, 'usage')
        order by 1
    ) as foreign,
    has_database_privilege(current_database(), 'create') as may_create
"""
_ROLE = """
select current_user as name, rolsuper as is_super
from pg_roles where rolname = current_user
"""
_ORPHANS = """
select distinct activity.pid
from pg_locks as lock
inner join pg_stat_activity as activity on activity.pid = lock.pid
where lock.locktype = 'advisory' and lock.granted and lock.classid = %(class)s
    and lock.database = (
        select oid from pg_database where datname = current_database()
    )
    and activity.state like 'idle in transaction%%'
    and activity.state_change < now() - %(age)s::interval
order by 1
"""
_SIZE = "select pg_size_pretty(pg_database_size(current_database())) as size"
