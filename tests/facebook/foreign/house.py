"""A warehouse beside a second Graph API: load, then compare raw with the truth.

What is claimed of them belongs to the tests.
"""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import psycopg
from psycopg import sql

from pipelines.catalog import STAMPS, load_catalog
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.load import LoadedTable
from pipelines.ingest.facebook.run import ingest_facebook
from pipelines.load.log import RunInfo
from pipelines.warehouse import connect, prepare
from tests.facebook.foreign.crowd import leads_of
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.insights import HOURLY
from tests.facebook.foreign.least import Known, mentioned
from tests.facebook.foreign.objects import KINDS
from tests.facebook.foreign.shapes import Call
from tests.facebook.foreign.truth import ALMATY, Account, Truth
from tests.facebook_clock import VirtualTimer

CATALOG = functools.cache(load_catalog)
TABLES = {
    "campaigns": ("campaigns", "campaign_id"),
    "adsets": ("ad_sets", "ad_set_id"),
    "ads": ("ads", "ad_id"),
    "adcreatives": ("creatives", "creative_id"),
}
Spends = dict[tuple[Any, ...], Decimal]


@dataclass
class House:
    """One warehouse, and the Graph that it is loaded from."""

    warehouse_url: str
    graph_url: str
    graph: ForeignGraph
    warehouse: psycopg.Connection[Any]
    timer: VirtualTimer = field(default_factory=VirtualTimer)
    loaded: list[LoadedTable] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    # What of the configuration is not as ever.
    settings: dict[str, Any] = field(default_factory=dict)
    confirmed: list[str] = field(default_factory=list)
    # By account: the first day asked for, and how many edits were too old for it.
    first_days: dict[str, date] = field(default_factory=dict)
    old_edits: dict[str, int] = field(default_factory=dict)

    @property
    def truth(self) -> Truth:
        return self.graph.truth

    def load(self, *, recent: bool = False, now: datetime | None = None) -> list[Call]:
        """Load once; return the calls that it made. Raises what the load raises."""
        self.loaded, before = [], len(self.graph.calls)
        if not recent:
            self.note_first_days()
        for table in ingest_facebook(
            self.warehouse_url,
            self.config,
            databases={},
            run=RunInfo(run_id="run", as_of=now or self.truth.now),
            recent=recent,
            confirm_lost=self.confirmed,
            on_progress=self.said.append,
            timer=self.timer,
        ):
            self.loaded.append(table)
        return self.graph.calls[before:]

    def note_first_days(self, back: int = 28) -> None:
        """Note from which day on raw must hold the truth: never later than before."""
        for account in self.truth.accounts.values():
            days = timedelta(days=back)
            if back == 28 and account.digits in self.first_days:
                continue
            self.first_days[account.digits] = self.truth.today(account) - days
            self.old_edits[account.digits] = sum(
                datetime.fromisoformat(entry["event_time"]) < self.truth.now - days
                for entry in account.activities
            )

    @property
    def config(self) -> FacebookConfig:
        truth = self.truth
        settings: dict[str, Any] = {
            "access_token": truth.token,
            "app_secret": truth.secret,
            "graph_url": self.graph_url,
            "listed_accounts": truth.account_ids,
        }
        return FacebookConfig(**settings | self.settings)

    @property
    def warnings(self) -> list[str]:
        return [text for table in self.loaded for text in table.warnings]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(query, values).fetchall()

    def ad_spends(self, account: Account) -> Spends:
        found = self.rows(
            "select ad_id, stat_date, payload ->> 'spend' "
            "from raw.facebook__ad_insights "
            "where account_id = %s and _deleted_at is null",
            account.id,
        )
        return {(ad_id, day): number(spend) for ad_id, day, spend in found}

    def totals(self, account: Account) -> Spends:
        found = self.rows(
            "select stat_date, payload ->> 'spend' "
            "from raw.facebook__account_insights "
            "where account_id = %s and _deleted_at is null",
            account.id,
        )
        return {(day,): number(spend) for day, spend in found}

    def hours(self, account: Account) -> Spends:
        found = self.rows(
            f"select stat_date, hour, payload ->> '{HOURLY}', "
            "payload ->> 'spend' from raw.facebook__hourly_insights "
            "where account_id = %s and _deleted_at is null",
            account.id,
        )
        for _, hour, text, _ in found:
            assert text.startswith(f"{hour:02}:")
        return {(day, hour): number(spend) for day, hour, _, spend in found}

    def known(self) -> Known:
        """Return the living objects of raw, by the Graph's names of their kinds."""
        return {
            kind: dict(
                self.rows(
                    f"select {column}, coalesce(payload ->> 'effective_status', "
                    f"payload ->> 'status', '') from raw.facebook__{table} "
                    "where _deleted_at is null"
                )
            )
            for kind, (table, column) in TABLES.items()
        }

    def dump(self) -> dict[str, list[str]]:
        """Return everything in the raw tables of Facebook but the stamps."""
        tables = self.rows(
            "select table_name from information_schema.tables "
            "where table_schema = 'raw' and starts_with(table_name, 'facebook__')"
        )
        found = {}
        for (table,) in tables:
            query = sql.SQL(
                "select to_jsonb(one) - %s::text[], one._deleted_at is null from {} one"
            ).format(sql.Identifier("raw", table))
            rows = self.warehouse.execute(query, [list(STAMPS)]).fetchall()
            found[table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
        return found


@contextmanager
def opened(graph: ForeignGraph, graph_url: str, warehouse_url: str) -> Iterator[House]:
    """Prepare an empty warehouse for a Graph that is served already."""
    with connect(warehouse_url) as connection:
        prepare(connection, CATALOG())
    with psycopg.connect(warehouse_url, autocommit=True) as warehouse:
        house = House(warehouse_url, graph_url, graph, warehouse)
        graph.clock = house.timer.now
        yield house


def number(text: str | None) -> Decimal:
    """Read an amount; what is none is NaN, which is never the truth."""
    try:
        return Decimal(text or "NaN")
    except InvalidOperation:
        return Decimal("NaN")


def wrong_money(house: House) -> list[str]:
    """Say where the warehouse's money is not the truth's; an empty list is right.

    Every day counts that a run so far has asked for.
    """
    wrong = []
    for account in house.truth.accounts.values():
        first = house.first_days[account.digits]
        pairs: dict[str, tuple[Spends, Spends]] = {
            "ads": (house.ad_spends(account), true_ads(account, first)),
            "account": (house.totals(account), true_totals(account, first)),
            "hours": (house.hours(account), true_hours(account, first)),
        }
        for what, (found, true) in pairs.items():
            odd = {
                key: (found.get(key), true.get(key))
                for key in found.keys() | true.keys()
                if found.get(key) != true.get(key)
            }
            if odd:
                some = dict(list(odd.items())[:3])
                wrong.append(f"{account.id} {what}: {len(odd)} differ: {some}")
    return wrong


def true_ads(account: Account, first: date) -> Spends:
    days = account.days.items()
    return {key: figures.spend for key, figures in days if key[1] >= first}


def true_totals(account: Account, first: date) -> Spends:
    totals = account.totals().items()
    return {(day,): figures.spend for day, figures in totals if day >= first}


def true_hours(account: Account, first: date) -> Spends:
    if account.node["timezone_name"] == ALMATY:
        return {}
    return {
        (day, hour): figures.spend
        for day, hours in account.hours().items()
        if day >= first
        for hour, figures in enumerate(hours)
        if figures.spend or figures.impressions
    }


def wrong_things(house: House) -> list[str]:
    """Say which objects, edits and leads raw lacks, or has although nobody has them."""
    truth, wrong, known = house.truth, [], house.known()
    for account in truth.accounts.values():
        shelf = account.shelf
        for kind in KINDS:
            own = shelf.by_kind[kind]
            listed = {i for i in own if shelf.status(kind, i) != "DELETED"}
            found = {i for i in known[kind] if i in own}
            named = mentioned(account, house.first_days[account.digits])[kind]
            # What went before it was asked for is known to nobody.
            if lost := (listed | named) - shelf.gone - found:
                wrong.append(f"{account.id} {kind}: lost {sorted(lost)[:3]}")
        edits = house.rows(
            "select count(*) from raw.facebook__activities where account_id = %s",
            account.id,
        )[0][0]
        true = len({json.dumps(entry) for entry in account.activities})
        if edits < true - house.old_edits.get(account.digits, 0):
            wrong.append(f"{account.id}: {edits} edits, not {true}")
    leads = {one for (one,) in house.rows("select lead_id from raw.facebook__leads")}
    if lost := {lead["id"] for lead in leads_of(truth)} - leads:
        wrong.append(f"leads: {len(lost)} lost, as {sorted(lost)[:3]}")
    return wrong
