"""A warehouse, a small Facebook and the load between them, for tests of the loading."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import psycopg
from starlette.applications import Starlette

from pipelines.catalog import load_catalog
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.load import LoadedTable
from pipelines.ingest.facebook.run import ingest_facebook
from pipelines.load.log import RunInfo
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.graph.state import Call
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import FacebookWorld
from pipelines.warehouse import connect, prepare
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import FIRST, NOW, SECOND, THIRD, TOKEN

ALL = (FIRST, SECOND, THIRD)
CATALOG = functools.cache(load_catalog)


class Pipeline:
    """A warehouse, an emulator and the load between them."""

    def __init__(
        self, warehouse_url: str, graph_url: str, faults: Faults, app: Starlette
    ) -> None:
        self.app = app
        self.warehouse_url = warehouse_url
        self.config = FacebookConfig(
            access_token=TOKEN, graph_url=graph_url, listed_accounts=ALL
        )
        self.faults = faults
        self.timer = VirtualTimer()
        self.said: list[str] = []
        self.warehouse = psycopg.connect(warehouse_url, autocommit=True)

    def load(
        self,
        *,
        now: datetime = NOW,
        recent: bool = False,
        confirm_lost: tuple[str, ...] = (),
    ) -> list[LoadedTable]:
        loaded: list[LoadedTable] = []
        self.loaded = loaded
        for table in ingest_facebook(
            self.warehouse_url,
            self.config,
            databases={},
            run=RunInfo(run_id="run", as_of=now),
            recent=recent,
            confirm_lost=confirm_lost,
            on_progress=self.said.append,
            timer=self.timer,
        ):
            loaded.append(table)
        return loaded

    def rows(self, query: str, *values: object) -> list[tuple]:
        return self.warehouse.execute(query, values).fetchall()

    def spend(self, table: str, account_id: str) -> Decimal:
        [(total,)] = self.rows(
            "select coalesce(sum((payload ->> 'spend')::numeric), 0) "
            f"from raw.facebook__{table} where account_id = %s "
            "and _deleted_at is null",
            account_id,
        )
        return total

    def outcomes(self, table: str) -> list[tuple]:
        return self.rows(
            "select scope, outcome from raw._loads where table_name = %s "
            "order by load_id",
            table,
        )

    @property
    def calls(self) -> list[Call]:
        return self.app.state.calls


@contextmanager
def opened(
    facebook: FacebookWorld, warehouse_url: str, page_size: int = 500
) -> Iterator[Pipeline]:
    with connect(warehouse_url) as connection:
        prepare(connection, CATALOG())
    faults = Faults()
    app = facebook_app(facebook, faults=faults, page_size=page_size)
    with serve(app) as url:
        pipeline = Pipeline(warehouse_url, url, faults, app)
        with pipeline.warehouse:
            yield pipeline


def spend_of(rows: list[dict], account_id: str) -> Decimal:
    digits = account_id.removeprefix("act_")
    return sum(
        (Decimal(row["spend"]) for row in rows if row["account_id"] == digits),
        Decimal(0),
    )
