"""Facebook's raw tables written by hand, for what is asked of them afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from pipelines.catalog import load_catalog
from pipelines.load.log import Outcome, RunInfo, record_load
from pipelines.warehouse import connect, prepare

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
FIRST, SECOND = "act_1001", "act_1002"
RUN = RunInfo("run-2", NOW)
EARLIER = RunInfo("run-1", NOW - timedelta(days=1))


class Raw:
    """Facebook's raw tables, filled row by row."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def add(self, table: str, **values: Any) -> None:
        values |= {"_loaded_at": NOW, "_run_id": "run-2"}
        names = ", ".join(values)
        slots = ", ".join(["%s"] * len(values))
        self.connection.execute(
            f"insert into raw.facebook__{table} ({names}) values ({slots})",
            [Jsonb(v) if isinstance(v, dict) else v for v in values.values()],
        )

    def account(
        self,
        account_id: str = FIRST,
        *,
        lists: tuple[str, ...] = ("traffic.traffic_teams",),
        **payload: str,
    ) -> None:
        payload = {"currency": "USD", "timezone_name": "Asia/Almaty"} | payload
        listed = {"listed_by": list(lists)}
        self.add("listed_accounts", account_id=account_id, payload=listed)
        self.add("accounts", account_id=account_id, payload=payload)

    def day(
        self, spend: str, *ads: str, on: date = YESTERDAY, account_id: str = FIRST
    ) -> None:
        """Write an account's total of a day, and the spend of each of its ads."""
        common = {"account_id": account_id, "stat_date": on}
        payload = {"spend": spend, "account_currency": "USD"}
        self.add("account_insights", **common, payload=payload)
        for number, amount in enumerate(ads):
            payload = {"spend": amount}
            self.add("ad_insights", **common, ad_id=f"ad-{number}", payload=payload)

    def load(
        self,
        outcome: Outcome = "loaded",
        *,
        account_id: str = FIRST,
        table: str = "ad_insights",
        run: RunInfo = RUN,
        **more: Any,
    ) -> None:
        more = {"mode": "window"} | more
        record_load(
            self.connection,
            run=run,
            system="facebook",
            table=table,
            outcome=outcome,
            scope=account_id,
            **more,
        )

    def certificate(self, run: RunInfo, *, rows: int = 5, **details: Any) -> None:
        found = {
            "rows": rows,
            "windows": ["1d_view", "7d_click"],
            "windows_returned": ["1d_view", "7d_click"],
            "fields_returned": ["actions", "spend"],
        }
        self.load(run=run, details=found | details)


@contextmanager
def prepared(warehouse_url: str) -> Iterator[Raw]:
    """Make every raw table in an empty warehouse."""
    with connect(warehouse_url) as connection:
        prepare(connection, load_catalog())
        connection.commit()
        connection.autocommit = True
        yield Raw(connection)
