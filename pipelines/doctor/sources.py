"""Checks of what a source database holds: the tables of its role, readable and whole.

They stand on the comparison that loads use, `extract/postgres/matching.py`. The server
itself belongs to `servers.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.catalog import Catalog, Table
from pipelines.doctor import rights, servers
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
from pipelines.errors import SourceError
from pipelines.extract.postgres.matching import Match, match, refuse_stranger
from pipelines.extract.postgres.schema import SourceTable, inspect
from pipelines.ingest.reading import XMIN_ROWS

DATABASES = ("landing", "traffic", "tripwire")


@dataclass(frozen=True)
class Source:
    """A source database to look at: its role, its address, what it should hold."""

    system: str
    url: str
    catalog: Catalog
    is_production: bool

    @property
    def variable(self) -> str:
        return f"{self.system.upper()}_DATABASE_URL"

    @property
    def tables(self) -> tuple[Table, ...]:
        return self.catalog.of(self.system)

    @property
    def names(self) -> list[str]:
        return [name for table in self.tables for name in table.source_names]

    @property
    def columns(self) -> list[str]:
        """Return the declared columns as `table.column`."""
        return [
            f"{name}.{column}"
            for table in self.tables
            for name in table.source_names
            for column in table.column_names
        ]


def examine_source(
    source: Source, *, clock: Clock, keep: Callable[[Identity], None]
) -> Iterator[Finding]:
    """Look at one source database, from its server down to its columns."""

    def checks(session: Session) -> Mapping[str, Look]:
        is_lenient = session.is_loopback and not source.is_production
        names = source.names
        return {
            "TLS": lambda: servers.check_tls(session, source.variable),
            "identity": lambda: servers.check_identity(session, keep),
            "tables": lambda: check_tables(session, source),
            "role": lambda: rights.check_role(session, is_lenient=is_lenient),
            "secrets": lambda: rights.check_secrets(
                session, [*names, *source.columns], is_lenient=is_lenient
            ),
            "writing": lambda: rights.check_writing(session, names),
            "clock": lambda: servers.check_clock(session, clock),
            "time zones": lambda: servers.check_zones(session, decides=False),
            "encoding": lambda: servers.check_encoding(session, decides=False),
            "replay": lambda: servers.check_standby(session),
            "pooler": lambda: servers.check_pooler(session, source.variable, fits=True),
        }

    yield from servers.examine(
        source.system, source.url, variable=source.variable, checks=checks
    )


def check_tables(session: Session, source: Source) -> Iterator[Remark]:
    """Compare the database with the declared tables of its role."""
    everything = [name for table in source.catalog for name in table.source_names]
    with session.transaction() as connection:
        found = inspect(connection, everything)
    if not found:
        yield _nothing(session, source)
        return
    if stranger := _stranger(source, found):
        yield stranger
        return
    refuse_stranger(source.system, source.catalog, found)
    matches, faults = _compare(source, found)
    yield from _faults(faults)
    yield from _absent(source, found)
    yield from _missing(matches)
    yield from _unreadable_xmin(matches)
    count = len(matches)
    yield ok(f"{count} of {len(source.tables)} declared tables can be read")


def _stranger(source: Source, found: Mapping[str, SourceTable]) -> Remark | None:
    """Say so when the tables are rather those of another system."""
    shares = {
        system: _share(source.catalog, system, found)
        for system in DATABASES
        if source.catalog.of(system)
    }
    best = max(shares, key=lambda system: (shares[system], system == source.system))
    if shares[best] <= shares.get(source.system, 0.0):
        return None
    return error(
        f"this looks like the {best} database: it has {shares[best]:.0%} of the tables "
        f"that only {best} has, and {shares.get(source.system, 0.0):.0%} of "
        f"{source.system}'s",
        f"correct {source.variable}; the addresses may be swapped",
    )


def _share(catalog: Catalog, system: str, found: Mapping[str, SourceTable]) -> float:
    """Return which part of the tables that only this system declares is there."""
    shared = {
        name
        for table in catalog
        if table.system in DATABASES and table.system != system
        for name in table.source_names
    }
    own = [
        table for table in catalog.of(system) if not shared & set(table.source_names)
    ]
    present = [
        table for table in own if any(name in found for name in table.source_names)
    ]
    return len(present) / len(own) if own else 0.0


def _nothing(session: Session, source: Source) -> Remark:
    hidden = [row["name"] for row in session.rows(_ELSEWHERE, {"names": source.names})]
    message = f"the database has none of the {len(source.tables)} declared tables"
    if hidden:
        return error(
            f"{message} in its search path, but in {listed(hidden)}",
            "alter role <its role> set search_path to that schema",
        )
    return error(
        message,
        f"check that {source.variable} leads to the {source.system} database, and that "
        "the role may use its schema",
    )


Faults = dict[str, list[tuple[str, str]]]


def _compare(
    source: Source, found: Mapping[str, SourceTable]
) -> tuple[list[Match], Faults]:
    """Match each declared table; faults by what is wrong, with table and remedy."""
    matches: list[Match] = []
    faults: Faults = defaultdict(list)
    for table in source.tables:
        try:
            matched = match(table, found)
        except SourceError as refused:
            faults[refused.message].append((table.table, refused.remedy or ""))
            continue
        if matched:
            matches.append(matched)
        elif table.required:
            remedy = "create or grant it; nothing is loaded from it until then"
            message = "a required table is missing"
            faults[message].append((table.table, remedy))
    return matches, faults


def _faults(faults: Faults) -> Iterator[Remark]:
    for message, places in faults.items():
        tables = [table for table, _ in places]
        remedy = places[0][1]
        if len(places) > 1:
            remedy += ", and likewise for the others"
        yield error(f"{message}: {listed(tables)}", remedy, details=tables)


def _absent(source: Source, found: Mapping[str, SourceTable]) -> Iterator[Remark]:
    absent = [
        table.table
        for table in source.tables
        if not table.required and not any(n in found for n in table.source_names)
    ]
    if absent:
        yield note(f"absent, which they may be: {listed(absent)}", details=absent)


def _missing(matches: list[Match]) -> Iterator[Remark]:
    """Count in what the environment differs from the declaration without harm."""
    missing = [
        f"{found.table.table}.{name}"
        for found in matches
        for name in found.missing
        if name not in found.source.columns
    ]
    undeclared = [
        f"{found.table.table}.{name}" for found in matches for name in found.undeclared
    ]
    if missing:
        message = f"optional columns missing, loaded as NULL: {len(missing)}"
        yield note(message, details=missing)
    if undeclared:
        message = f"columns declared nowhere, never loaded: {len(undeclared)}"
        yield note(message, details=undeclared)


def _unreadable_xmin(matches: list[Match]) -> Iterator[Remark]:
    """Name the tables that are read by xmin, which the role may not read."""
    names = [
        f"{found.source.schema}.{found.source.name}"
        for found in matches
        if found.source.kind in ("r", "p")
        and not found.source.has_xmin
        and _reads_xmin(found)
    ]
    if names:
        yield warning(
            f"the role may not read xmin of large tables: {listed(names)}",
            f"grant select (xmin) on {names[0]} to it, and likewise for the others; "
            "until then they are read whole each time",
            details=names,
        )


def _reads_xmin(found: Match) -> bool:
    mode = found.table.mode
    return mode == "xmin" or (mode is None and found.source.rows > XMIN_ROWS)


_ELSEWHERE = """
select format('%%I.%%I', namespace.nspname, class.relname) as name
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
where class.relname = any(%(names)s) and class.relkind in ('r', 'p', 'v', 'm', 'f')
    and namespace.nspname not in ('pg_catalog', 'information_schema')
order by 1
"""
