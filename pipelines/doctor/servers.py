"""Checks of any PostgreSQL server: version, TLS, pooler, identity, clock, time zones.

What a database holds and who may read it belongs to `sources.py` and `rights.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.clock import BUSINESS_ZONE
from pipelines.connections import pooler_kind
from pipelines.doctor.findings import (
    Finding,
    Look,
    Remark,
    conduct,
    error,
    note,
    ok,
    refusal,
    warning,
)
from pipelines.doctor.sessions import Session, open_session
from pipelines.errors import PipelineError
from pipelines.extract.postgres.origin import read_origin
from pipelines.key_digests import OLDEST_VERSION

Clock = Callable[[], datetime]
DRIFT_WARNING = timedelta(seconds=5)
DRIFT_ERROR = timedelta(seconds=60)
ALMATY = "Asia/Almaty"
# Almaty went from +6 to +5 on 2024-03-01: old tables of zones do not know that.
OFFSETS = {
    datetime(2024, 2, 15, 18, 30, tzinfo=UTC): timedelta(hours=6),
    datetime(2024, 3, 15, 18, 30, tzinfo=UTC): timedelta(hours=5),
    datetime(2026, 1, 1, tzinfo=UTC): timedelta(hours=5),
}


@dataclass(frozen=True)
class Identity:
    """Which database this is: equal for two addresses of the same one."""

    cluster: str
    database: int


def examine(
    system: str,
    url: str,
    *,
    variable: str,
    checks: Callable[[Session], Mapping[str, Look]],
) -> Iterator[Finding]:
    """Connect and run the checks; without a connection say only why."""
    try:
        with open_session(url, system=system, variable=variable) as session:
            reach = {"connection": lambda: check_reachable(session)}
            yield from conduct(system, reach | dict(checks(session)))
    except PipelineError as refused:
        yield refusal(system, "connection", refused)


def check_reachable(session: Session) -> Iterator[Remark]:
    """Say what answered, and how fast."""
    version = session.connection.info.server_version
    name = session.connection.info.parameter_status("server_version") or str(version)
    milliseconds = session.seconds * 1000
    yield ok(f"PostgreSQL {name}, {session.place}, {milliseconds:.0f} ms to connect")
    if version < OLDEST_VERSION:
        yield error(
            f"the server is older than PostgreSQL {OLDEST_VERSION // 10_000}",
            "upgrade it; from an older one large tables are read whole each time",
        )


def check_tls(session: Session, variable: str) -> Iterator[Remark]:
    """Say whether strangers on the way could read or replace what travels."""
    mode = session.parameters.get("sslmode", "prefer")
    if session.is_loopback:
        yield ok("not needed on this machine")
    elif not session.connection.pgconn.ssl_in_use:
        yield error(
            "the connection is not encrypted",
            f"take sslmode out of {variable} (verify-full is the default) and switch "
            "TLS on in the server",
        )
    elif mode != "verify-full":
        yield warning(
            f"encrypted, but the server is not verified (sslmode={mode})",
            f"state sslmode=verify-full in {variable}; PGSSLROOTCERT names the "
            "authority when it is not a public one",
        )
    else:
        yield ok("encrypted, and the server is verified")


def check_pooler(session: Session, variable: str, *, fits: bool) -> Iterator[Remark]:
    """Say what stands before the server; `fits`: a transaction pooler may."""
    info = session.connection.info
    backend = session.row("select pg_backend_pid() as pid")["pid"]
    if pooler_kind(session.connection) == "transaction":
        if fits:
            yield ok("a transaction pooler; reading works through it")
            return
        yield error(
            "a transaction pooler stands before the server; dbt and Dagster need a "
            "server connection of their own",
            f"put the direct address, or the pooler's session mode, into {variable} "
            "(often the same host, port 5432 instead of 6543)",
        )
    elif backend == info.backend_pid:
        yield ok("direct connection, no pooler")
    else:
        # A pooler tells its clients a made-up number to cancel by.
        yield ok("a pooler in session mode")


def check_identity(
    session: Session, keep: Callable[[Identity], None]
) -> Iterator[Remark]:
    """Say which cluster and database this is, and keep it for comparison."""
    with session.transaction() as connection:
        origin = read_origin(connection)
    database = f"database oid {origin.database_id}"
    if origin.server is None:
        info = session.connection.info
        keep(Identity(f"{info.hostaddr}:{info.port}", origin.database_id))
        yield note(
            f"{database}; the role may not ask for the system identifier "
            "(pg_control_system), so a restored copy is recognised by its rows only"
        )
        return
    keep(Identity(origin.server, origin.database_id))
    yield ok(f"system {origin.server}, timeline {origin.timeline}, {database}")


def check_clock(session: Session, clock: Clock) -> Iterator[Remark]:
    """Compare the server's clock with this machine's, the way there taken off."""
    before = clock()
    moment = session.row("select clock_timestamp() as now")["now"]
    after = clock()
    yield from judge_drift(moment - (before + (after - before) / 2))


def judge_drift(drift: timedelta) -> Iterator[Remark]:
    """Say how far a server's clock is from this machine's."""
    size = abs(drift)
    way = "ahead of" if drift > timedelta() else "behind"
    message = f"its clock is {size.total_seconds():.1f} s {way} this machine's"
    remedy = "let both keep time by NTP (timedatectl shows whether this one does)"
    if size > DRIFT_ERROR:
        yield error(message, remedy)
    elif size > DRIFT_WARNING:
        yield warning(message, remedy)
    else:
        yield ok("agrees with this machine's within seconds")


def check_zones(session: Session, *, decides: bool) -> Iterator[Remark]:
    """Compare the server's Almaty offsets; `decides`: business days come from it."""
    rows = session.rows(_OFFSETS, {"moments": list(OFFSETS), "zone": ALMATY})
    found = {row["moment"]: row["shift"] for row in rows}
    remedy = (
        "update the server's time zone data (its tzdata package, or a minor version "
        "of PostgreSQL from 2024 on)"
    )
    yield from judge_offsets(found, error if decides else warning, remedy=remedy)


def check_python_zones() -> Iterator[Remark]:
    """Compare this machine's Almaty offsets with the true ones."""
    found = {moment: moment.astimezone(BUSINESS_ZONE).utcoffset() for moment in OFFSETS}
    remedy = "update the machine's tzdata package, and the Python package tzdata"
    yield from judge_offsets(found, error, remedy=remedy)


def judge_offsets(
    found: Mapping[datetime, timedelta | None],
    say: Callable[[str, str], Remark],
    *,
    remedy: str,
) -> Iterator[Remark]:
    """Say whether offsets of Almaty are the true ones."""
    wrong = [moment for moment, right in OFFSETS.items() if found[moment] != right]
    if wrong:
        days = ", ".join(f"{moment:%Y-%m-%d}" for moment in wrong)
        yield say(f"{ALMATY} is wrong here at {days}", remedy)
    else:
        yield ok(f"knows {ALMATY} before and after March 2024")


def check_encoding(session: Session, *, decides: bool) -> Iterator[Remark]:
    """Say whether texts can hold every character; `decides`: they are stored here."""
    encoding = session.row("select current_setting('server_encoding') as name")["name"]
    if encoding == "UTF8":
        yield ok("UTF8")
    elif decides:
        yield error(
            f"the database stores {encoding}",
            "create it anew with `encoding 'UTF8'`; names and texts would be refused",
        )
    elif encoding == "SQL_ASCII":
        yield warning(
            "the database stores bytes without an encoding (SQL_ASCII)",
            "a text that is no UTF-8 will stop its table; move it to a UTF8 database",
        )
    else:
        yield note(f"the database stores {encoding}; the server converts it to UTF-8")


def check_standby(session: Session) -> Iterator[Remark]:
    """Say whether rows come from a replica, or old transactions hold things up."""
    if session.row("select pg_is_in_recovery() as is_standby")["is_standby"]:
        yield note("a standby: rows are as fresh as its replay of the primary")
        return
    row = session.row(_OLDEST)
    if prepared := row["prepared"]:
        yield warning(
            f"{prepared} prepared transactions are open for over an hour; each run "
            "reads again all that changed since",
            "commit or roll them back (pg_prepared_xacts names them)",
        )
    elif row["running"]:
        yield note(
            f"{row['running']} transactions are open for over an hour; until they end, "
            "each run reads again what changed since"
        )
    else:
        yield ok("a primary, without transactions that hold things up")


_OFFSETS = """
select moment, (moment at time zone %(zone)s) - (moment at time zone 'UTC') as shift
from unnest(%(moments)s::timestamptz[]) as moment
"""
# Of other roles' transactions an ordinary role sees only that they are.
_OLDEST = """
select
    (select count(*) from pg_prepared_xacts
    where prepared < now() - interval '1 hour') as prepared,
    (select count(*) from pg_stat_activity
    where datname = current_database() and xact_start < now() - interval '1 hour')
        as running
"""
