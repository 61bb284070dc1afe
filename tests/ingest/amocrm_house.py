"""An AmoCRM and a warehouse that it is loaded into, for tests."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.run import TABLES, LoadedTable, ingest_amocrm
from pipelines.load.log import RunInfo
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import AmocrmWorld
from tests.amocrm_world import START, TOKEN, contact, event, lead, small_world

LEDGERS = (
    "entity_versions", "dictionary_versions", "absences", "webhook_items",
    "webhook_inbox", "cursors", "budget", "api_calls",
)  # fmt: skip
NOW = datetime.fromtimestamp(START, UTC) + timedelta(days=10)


class Crm:
    """An AmoCRM and a warehouse that it is loaded into."""

    def __init__(
        self, world: AmocrmWorld, behaviour: Behaviour, warehouse: str
    ) -> None:
        self.world = world
        self.behaviour = behaviour
        self.warehouse = warehouse
        self.url = ""
        self.runs = 0

    def load(
        self,
        *,
        full: bool = True,
        now: datetime = NOW,
        token: str = TOKEN,
        honours_filters: bool = True,
        **options: Any,
    ) -> dict[str, LoadedTable]:
        """Load everything; what was loaded before an error stays in `self.loaded`."""
        self.runs += 1
        run = RunInfo(run_id=f"run-{self.runs}", as_of=now)
        config = AmocrmConfig(
            self.url,
            token,
            requests_per_second=10_000,
            honours_filters=honours_filters,
        )
        self.loaded: dict[str, LoadedTable] = {}
        for table in ingest_amocrm(
            self.warehouse, config, run=run, full=full, **options
        ):
            self.loaded[table.table] = table
        return self.loaded

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.warehouse, row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()

    def living(self, table: str) -> set[int]:
        query = f"select id from raw.amocrm__{table} where _deleted_at is null"
        return {row["id"] for row in self.rows(query)}

    def last_load(self, table: str) -> dict[str, Any]:
        return self.rows(
            f"select * from raw._loads where table_name = '{table}' "
            "order by load_id desc limit 1"
        )[0]


@contextlib.contextmanager
def open_crm(warehouse: str) -> Iterator[Crm]:
    """Serve a CRM of 300 leads beside an empty warehouse."""
    with psycopg.connect(warehouse) as connection:
        connection.execute("truncate raw._loads")
        for table in TABLES:
            connection.execute(f"truncate raw.amocrm__{table}")
        for ledger in LEDGERS:
            connection.execute(f"truncate raw.amocrm__{ledger}")
    world = small_world(
        leads=[lead(number) for number in range(1, 301)],
        contacts=[contact(number) for number in range(70_001, 70_251)],
        events=[event(number) for number in range(1, 131)],
    )
    crm = Crm(world, Behaviour(), warehouse)
    with serve(amocrm_app(world, behaviour=crm.behaviour)) as crm.url:
        yield crm
