"""One consistent look at a source database: a read-only snapshot for all its tables.

Everything happens in one REPEATABLE READ transaction with settings local to it, so that
it works through session and transaction poolers alike; more connections may share the
snapshot. Rows leave as binary COPY, not converted on the way. Where they go belongs to
`load/`.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from pipelines.connections import connection_string
from pipelines.errors import ConfigurationError, SourceUnreachable
from pipelines.extract.postgres.copy_out import Chunk, copy_out
from pipelines.extract.postgres.faults import connection_fault, reading_fault
from pipelines.extract.postgres.matching import Match
from pipelines.extract.postgres.origin import Origin, read_origin, written_since
from pipelines.extract.postgres.replaced import refuse_filtered, refuse_replaced
from pipelines.extract.postgres.schema import SourceTable, inspect
from pipelines.key_digests import TEXT_FORMS, Digests, bucket, query_digests
from pipelines.liveness import PATIENCE, Patience
from pipelines.newest import DATED, query_newest
from pipelines.watched import WatchedConnection

# Row security that would filter raises an error then.
UNFILTERED = "set local row_security = off"
# Policies that let every row pass count as filters too.
BY_POLICIES = "set local row_security = on"
# An index-only scan of a table under change visits the heap row by row: four times
# slower than reading it.
SESSION = f"""
{UNFILTERED};
set local statement_timeout = '2h';
set local idle_in_transaction_session_timeout = '2h';
set local tcp_keepalives_idle = '15s';
set local tcp_keepalives_interval = '5s';
set local tcp_keepalives_count = 3;
set local tcp_user_timeout = '45s';
{TEXT_FORMS};
set local quote_all_identifiers = off;
set local enable_indexonlyscan = off
"""
# Older servers do not know it.
NO_TRANSACTION_TIMEOUT = """
select set_config('transaction_timeout', '0', true)
where current_setting('server_version_num')::integer >= 170000
"""


@dataclass(frozen=True)
class Snapshot:
    """A source database as it was at one moment, seen through one connection."""

    connection: WatchedConnection
    system: str
    origin: Origin

    def inspect(self, names: Iterable[str]) -> dict[str, SourceTable]:
        """Return those of the named tables that the database shows."""
        with self._our_errors():
            return inspect(self.connection, names)

    def share(self) -> str:
        """Name the snapshot, so that other connections can see the same moment."""
        with self._our_errors():
            row = self.connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None
        return str(row[0])

    def release(self) -> None:
        """End the transaction: others that share the snapshot keep it."""
        with self._our_errors():
            self.connection.rollback()

    @property
    def is_broken(self) -> bool:
        """Tell whether nothing more can be read from it."""
        return self.connection.broken or self.connection.closed

    def copy(
        self, match: Match, types: Mapping[str, str], *, since: int | None = None
    ) -> Iterator[Chunk]:
        """Yield a table as binary COPY, columns cast to the types wanted.

        With `since`, only rows that were written by that transaction or a later one.
        """
        where = sql.SQL("true") if since is None else written_since(self.origin, since)
        return self._copy(match, match.expressions(types), where)

    def copy_keys(
        self,
        match: Match,
        types: Mapping[str, str],
        buckets: int,
        wanted: Iterable[int],
    ) -> Iterator[Chunk]:
        """Yield as binary COPY the keys in the wanted of so many buckets."""
        key = _key(match, types)
        in_wanted = sql.SQL("{} in (select unnest({}))").format(
            bucket(key, types, buckets), sql.Literal(list(wanted))
        )
        return self._copy(match, list(key.values()), in_wanted)

    def digest_keys(
        self, match: Match, types: Mapping[str, str], buckets: int
    ) -> Digests:
        """Count and digest the keys of a table, in so many buckets."""
        key = _key(match, types)
        with self._reading(match):
            return query_digests(self.connection, match.relation, key, types, buckets)

    def newest(self, match: Match, column: str) -> datetime | None:
        """Return the newest value of a column; None where it holds no times."""
        types = {name: kind for name, kind in match.types.items() if name == column}
        if types.get(column) not in DATED:
            return None
        [expression] = match.expressions(types)
        with self._reading(match):
            return query_newest(
                self.connection, match.relation, expression, where=sql.SQL("true")
            )

    def _copy(
        self, match: Match, columns: list[sql.Composable], where: sql.Composable
    ) -> Iterator[Chunk]:
        statement = sql.SQL(
            "copy (select {} from {} where {}) to stdout (format binary)"
        ).format(sql.SQL(", ").join(columns), match.relation, where)
        with self._reading(match):
            yield from copy_out(self.connection, statement)

    @contextlib.contextmanager
    def _reading(self, match: Match) -> Iterator[None]:
        """Open a savepoint: a table that fails leaves the snapshot to the others."""
        with self._our_errors(match), self.connection.transaction():
            if match.source.is_secured:
                self.connection.execute(BY_POLICIES)
            yield
            refuse_replaced(self.connection, match)
            if match.source.is_secured:
                refuse_filtered(self.connection, match)
                self.connection.execute(UNFILTERED)

    @contextlib.contextmanager
    def _our_errors(self, match: Match | None = None) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            table = match.table.table if match else None
            verdict = self.connection.verdict
            raise reading_fault(error, self.system, table, verdict=verdict) from None


def _key(match: Match, types: Mapping[str, str]) -> dict[str, sql.Composable]:
    wanted = {name: types[name] for name in match.table.key}
    return dict(zip(wanted, match.expressions(wanted), strict=True))


@contextlib.contextmanager
def open_snapshot(
    url: str, *, system: str, patience: Patience = PATIENCE, shared: str | None = None
) -> Iterator[Snapshot]:
    """Connect to a source and hold one snapshot of it, or one that is `shared`."""
    try:
        connection = WatchedConnection.open(connection_string(url), patience=patience)
    except ConfigurationError as error:
        raise SourceUnreachable(str(error), system=system) from None
    except psycopg.Error as error:
        raise connection_fault(error, system) from None
    with contextlib.closing(connection):
        try:
            origin = _begin(connection, shared, patience)
            connection.identify()
        except psycopg.Error as error:
            verdict = connection.verdict
            raise reading_fault(error, system, None, verdict=verdict) from None
        yield Snapshot(connection, system, origin)


def _begin(
    connection: psycopg.Connection[Any], shared: str | None, patience: Patience
) -> Origin:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    if shared:
        statement = sql.SQL("set transaction snapshot {}")
        connection.execute(statement.format(sql.Literal(shared)))
    connection.execute(SESSION)
    connection.execute(NO_TRANSACTION_TIMEOUT)
    locks = f"{patience.locks * 1000:.0f}ms"
    connection.execute("select set_config('lock_timeout', %s, true)", [locks])
    return read_origin(connection)
