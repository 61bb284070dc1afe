"""A warehouse beside a second AmoCRM: load it, and read what raw then holds.

What of it is right belongs to `comparing.py`.
"""

import contextlib
import functools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import sql

from pipelines.catalog import STAMPS, load_catalog
from pipelines.errors import SourceError
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.connecting import open_client
from pipelines.ingest.amocrm.refresh import refresh_amocrm
from pipelines.ingest.amocrm.run import LoadedTable, ingest_amocrm
from pipelines.ingest.amocrm.tokens import StoredToken
from pipelines.load.log import RunInfo
from pipelines.warehouse import connect, prepare
from tests.amocrm.foreign.crm import ForeignCrm
from tests.amocrm.foreign.showing import stored
from tests.amocrm.foreign.truth import Truth

CATALOG = functools.cache(load_catalog)


@dataclass
class House:
    """One warehouse, and the account that it is loaded from."""

    warehouse_url: str
    api_url: str
    crm: ForeignCrm
    warehouse: psycopg.Connection[Any]
    settings: dict[str, Any] = field(default_factory=dict)
    loaded: dict[str, LoadedTable] = field(default_factory=dict)
    errors: list[SourceError] = field(default_factory=list)
    runs: int = 0

    @property
    def truth(self) -> Truth:
        return self.crm.truth

    @property
    def as_of(self) -> datetime:
        """Return what our own clock says."""
        return datetime.fromtimestamp(self.truth.now - self.truth.habits.skew, UTC)

    @property
    def config(self) -> AmocrmConfig:
        settings: dict[str, Any] = {
            "base_url": self.api_url,
            "access_token": self.truth.token,
            "requests_per_second": 10_000,
        }
        return AmocrmConfig(**settings | self.settings)

    def load(self, *, full: bool = True, confirmed: Collection[str] = ()) -> None:
        """Load once. Raises what the load raises."""
        self.runs += 1
        self.loaded = {}
        run = RunInfo(run_id=f"run-{self.runs}", as_of=self.as_of)
        with waiting_by(self.crm):
            for table in ingest_amocrm(
                self.warehouse_url,
                self.config,
                run=run,
                full=full,
                confirm_deleted=confirmed,
            ):
                self.loaded[table.table] = table

    def try_load(
        self, *, full: bool = True, confirmed: Collection[str] = ()
    ) -> list[str]:
        """Load once; return how it failed, a line for each table."""
        try:
            self.load(full=full, confirmed=confirmed)
        except SourceError as error:
            self.errors.append(error)
            return [line[:160] for line in str(error).splitlines() if ":" in line]
        return []

    def try_refresh(self) -> list[str]:
        """Read again what rang; return how that failed."""
        self.runs += 1
        run = RunInfo(run_id=f"run-{self.runs}", as_of=self.as_of)
        try:
            with waiting_by(self.crm):
                for _ in refresh_amocrm(self.warehouse_url, self.config, run=run):
                    pass
        except SourceError as error:
            self.errors.append(error)
            return [line[:160] for line in str(error).splitlines() if ":" in line]
        return []

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(query, values).fetchall()

    def raw(self, table: str, *key: str) -> dict[Any, str]:
        """Return the living payloads of a raw table by key, in canonical text."""
        names = key or ("id",)
        query = sql.SQL(
            "select {}, payload::text from {} where _deleted_at is null"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.Identifier("raw", f"amocrm__{table}"),
        )
        found = self.warehouse.execute(query).fetchall()
        return {
            row[0] if len(names) == 1 else row[:-1]: stored(row[-1]) for row in found
        }

    def gone(self, table: str) -> set[int]:
        query = f"select id from raw.amocrm__{table} where _deleted_at is not null"
        return {one for (one,) in self.rows(query)}

    def dump(self) -> dict[str, list[str]]:
        """Return everything in the raw tables of AmoCRM but stamps and clocks."""
        tables = self.rows(
            "select table_name from information_schema.tables where table_schema = "
            "'raw' and starts_with(table_name, 'amocrm__') "
            "and table_name not in ('amocrm__api_calls', 'amocrm__budget', "
            "'amocrm__cursors')"
        )
        found = {}
        for (table,) in tables:
            query = sql.SQL("select to_jsonb(one) - %s::text[] from {} one").format(
                sql.Identifier("raw", table)
            )
            clocks = [*STAMPS, "seen_at", "as_of", "valid_from", "missed_from"]
            rows = self.warehouse.execute(query, [clocks]).fetchall()
            found[table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
        return found


@contextlib.contextmanager
def opened(crm: ForeignCrm, api_url: str, warehouse_url: str) -> Iterator[House]:
    """Open a house for an account that is served already, in a prepared warehouse."""
    with psycopg.connect(warehouse_url, autocommit=True) as warehouse:
        found = warehouse.execute("select to_regclass('raw._loads')").fetchone()
        if not (found and found[0]):
            with connect(warehouse_url) as connection:
                prepare(connection, CATALOG())
        yield House(warehouse_url, api_url, crm, warehouse)


@contextlib.contextmanager
def waiting_by(crm: ForeignCrm) -> Iterator[None]:
    """Let the account's clock go on instead of waiting; turns are kept by it too."""
    passed = 0.0

    def sleep(seconds: float) -> None:
        nonlocal passed
        with crm.lock:
            whole = int(passed % 1 + seconds)
            passed += seconds
            crm.truth.now += whole

    def now() -> datetime:
        return datetime.fromtimestamp(crm.truth.now + passed % 1, UTC)

    opening, turns = open_client.__wrapped__, SharedBudget.__init__
    tokens = StoredToken.__init__.__kwdefaults__
    with (
        patch.dict(opening.__kwdefaults__, {"sleep": sleep}),
        patch.dict(turns.__kwdefaults__, {"now": now}),
        patch.dict(tokens, {"clock": now, "sleep": sleep}),
    ):
        yield
