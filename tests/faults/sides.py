"""A source and a warehouse that must be equal in the end, and how that is seen.

Which rows there are belongs to `writers.py` and the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pipelines.catalog import Table
from tests.faults.loader import Job

SHOWN = 5


@dataclass(frozen=True)
class Sides:
    """The two databases by their direct URLs, and the tables between them."""

    source_url: str
    warehouse_url: str
    tables: tuple[Table, ...]

    def job(self, run_id: str, **options: Any) -> Job:
        """Return a load of all tables; options of the job itself replace the URLs."""
        urls = {
            name: options.pop(name, getattr(self, name))
            for name in ("source_url", "warehouse_url")
        }
        return Job(tables=self.tables, run_id=run_id, options=options, **urls)

    def source(self, *statements: str) -> None:
        """Run statements on the source, each in a transaction of its own."""
        with psycopg.connect(self.source_url, autocommit=True) as source:
            for statement in statements:
                source.execute(statement)

    def warehouse(self, query: str) -> list[Any]:
        """Ask the warehouse, or tell it something."""
        with psycopg.connect(self.warehouse_url, autocommit=True) as warehouse:
            cursor = warehouse.execute(query)
            return cursor.fetchall() if cursor.description else []

    def wait_for(self, condition: str) -> None:
        """Wait until a condition holds in the warehouse, a bounded time."""
        self.warehouse(
            "set statement_timeout = '20s'; do $$ begin "
            f"while not ({condition}) loop perform pg_sleep(0.01); end loop; end $$"
        )

    def differences(self) -> list[str]:
        """Say which tables differ between the source and the living rows of raw."""
        found: list[str] = []
        with (
            psycopg.connect(self.source_url) as source,
            psycopg.connect(self.warehouse_url) as warehouse,
        ):
            for table in self.tables:
                one = _Content(source, table, sql.Identifier(table.source_table))
                raw = sql.Identifier("raw", table.name)
                other = _Content(warehouse, table, raw, "where _deleted_at is null")
                if one.hash() != other.hash():
                    found.append(one.explain(other))
        return found

    def keys(self) -> dict[str, set[str]]:
        """Return the keys that raw holds, living or marked, by table."""
        return {
            table.name: {
                row[0]
                for row in self.warehouse(
                    f"select row({_quoted(table.key)})::text from raw.{table.name}"
                )
            }
            for table in self.tables
            if table.key
        }


class _Content:
    """The rows of one table on one side."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        place: sql.Identifier,
        condition: str = "",
    ) -> None:
        self._connection = connection
        self._table = table
        connection.execute("set timezone = 'UTC'")
        self._rows = sql.SQL("select cast(row({}) as text) as row from {} {}").format(
            sql.SQL(", ").join(map(sql.Identifier, table.column_names)),
            place,
            sql.SQL(condition),
        )

    def hash(self) -> tuple[int, str]:
        """Return the number of rows and the hash of all of them, in any order."""
        statement = sql.SQL(
            "select count(*), md5(string_agg(md5(row), '' order by md5(row))) "
            "from ({}) as rows"
        )
        return self._connection.execute(statement.format(self._rows)).fetchone()  # type: ignore[return-value]

    def explain(self, other: "_Content") -> str:
        """Name some rows that one side has and the other has not."""
        mine, theirs = self._all(), other._all()
        lines = [f"{self._table.name}: {len(mine)} rows, raw has {len(theirs)} living"]
        for label, rows in (
            ("only in the source", _without(mine, theirs)),
            ("only in raw", _without(theirs, mine)),
        ):
            lines.append(f"  {len(rows)} {label}")
            lines += [f"    {row[:300]}" for row in rows[:SHOWN]]
        return "\n".join(lines)

    def _all(self) -> list[str]:
        return sorted(row[0] for row in self._connection.execute(self._rows))


def _without(rows: list[str], others: list[str]) -> list[str]:
    left = list(others)
    return [row for row in rows if row not in left or left.remove(row)]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
