"""A source database and a warehouse for one test, and the load between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from pipelines.catalog import Catalog, Column, Table
from pipelines.column_types import canonical_type
from pipelines.ingest.databases import TableLoad, extract_database
from pipelines.load.log import RunInfo

LEADS = {"id": "int", "name": "text", "updated_at": "timestamptz"}
NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)


def declare(
    name: str, columns: dict[str, str], *, required: Sequence[str] = (), **more: Any
) -> Table:
    """Declare a Landing table; the key is `id` unless said otherwise."""
    declared = tuple(
        Column(column, canonical_type(data_type), required=column in required)
        for column, data_type in columns.items()
    )
    key = more.pop("key", ("id",))
    source_table = more.pop("source_table", name)
    return Table("landing", f"landing__{name}", source_table, key, declared, **more)


@dataclass
class Pair:
    """A source and a warehouse, each reached by its own connection."""

    source_url: str
    warehouse_url: str
    tables: list[Table] = field(default_factory=list)

    def source(self, *statements: str) -> None:
        with psycopg.connect(self.source_url, autocommit=True) as source:
            for statement in statements:
                source.execute(statement)

    def raw(self, query: str) -> list[Any]:
        with psycopg.connect(self.warehouse_url, autocommit=True) as warehouse:
            warehouse.execute("set timezone = 'UTC'")
            cursor = warehouse.execute(query)
            return cursor.fetchall() if cursor.description else []

    def living(self, table: str, columns: str = "*") -> list[Any]:
        where = "where _deleted_at is null order by 1"
        return self.raw(f"select {columns} from raw.landing__{table} {where}")

    def load(self, *, run_id: str = "run", **options: Any) -> dict[str, TableLoad]:
        """Load all declared tables and return how each ended, by its name."""
        options = {"source_url": self.source_url, **options}
        loads = extract_database(
            "landing",
            options.pop("source_url"),
            warehouse_url=self.warehouse_url,
            catalog=Catalog(tuple(self.tables)),
            run=RunInfo(run_id, NOW),
            **options,
        )
        return {load.table.table: load for load in loads}

    def changes(self, table: str = "leads", **options: Any) -> tuple[int, int, int]:
        """Load and return rows inserted, updated and deleted of one table."""
        load = self.load(**options)[table]
        assert load.error is None, load.error
        result = load.result
        return result.rows_inserted, result.rows_updated, result.rows_deleted
