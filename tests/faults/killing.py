"""Kill points: every statement of a load, before and after which its process may die.

The load has new, changed, deleted, revived and renamed rows of a few tables. Random
faults belong to `fuzz.py`.
"""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pipelines.catalog import Column, Table
from pipelines.ingest.databases import Engine
from pipelines.liveness import Patience
from tests.faults.loader import Loader, load
from tests.faults.plans import AtStatement, Effect
from tests.faults.proxy import Proxy
from tests.faults.sides import Sides

# A frozen line is given up after a second or two instead of a minute.
QUICK = Patience(silence=0.4, probe_timeout=2, deadline=60)
SCHEMAS = ("raw", "history", "marts")
LEADS = Table(
    "landing",
    "landing__leads",
    "leads",
    ("id",),
    (Column("id", "bigint"), Column("name", "text")),
)
CLICKS = Table("landing", "landing__clicks", "clicks", (), (Column("url", "text"),))
# Its file is large and its rows few: a first load takes the path of large tables.
BLOATED = replace(LEADS, name="landing__bloated", source_table="bloated")
MAKE = (
    "create table leads (id bigint primary key, name text)",
    "insert into leads select n, 'lead ' || n from generate_series(1, 60) n",
    "insert into leads values (5000, 'renamed')",
    "create table clicks (url text)",
    "insert into clicks select 'url ' || n % 20 from generate_series(1, 40) n",
    "create table bloated (like leads including all) with (autovacuum_enabled = off)",
    "insert into bloated select n, repeat('x', 1000) from generate_series(1, 18000) n",
    "delete from bloated where id > 50 and id <> 5000",
)


@dataclass(frozen=True)
class Point:
    """Where a load dies."""

    side: Literal["source", "warehouse"]
    number: int
    when: Literal["before", "after"]
    text: str

    def __str__(self) -> str:
        return f"{self.when} statement {self.number} on the {self.side}: {self.text}"


@dataclass
class Scene:
    """A source that changes a little before each load, behind two proxies.

    With `is_first` each load finds a warehouse in which nothing is.
    """

    sides: Sides
    source: Proxy
    warehouse: Proxy
    is_first: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number = 0
        self._held: dict[str, set[str]] = {}
        self.sides.source(*MAKE)
        if not self.is_first:
            assert load(self.sides.job("first", **self.options)).is_complete

    def points(self) -> list[Point]:
        """Load once without any fault and return its kill points."""
        self._change()
        self.source.plan()
        self.warehouse.plan()
        report = self._start().report()
        assert report and report.is_complete, report
        for table in self.sides.tables:
            assert report.modes[table.table] == (table.mode or "snapshot")
        assert not self.sides.differences()
        return [
            Point(side, number, when, " ".join(text.split())[:80])
            for side, proxy in (("source", self.source), ("warehouse", self.warehouse))
            for number, text in enumerate(proxy.statements, start=1)
            for when in ("before", "after")
        ]

    def kill_at(self, point: Point) -> None:
        """Kill a load at a point, load again and require what a clean load gives."""
        victims: queue.Queue[Loader] = queue.Queue()
        with self._fault(point, "fin", lambda: victims.get(timeout=10).kill()):
            loader = self._start()
            victims.put(loader)
            assert loader.ends_within(30), f"{point}: the loader lives on"
        self._require_heals(point)

    def break_at(self, point: Point, effect: Effect) -> None:
        """Break the line at a point; the load says so itself, the next one heals it."""
        with self._fault(point, effect):
            report = self._start().report()
        assert report, f"{point}: the loader died"
        self._require_heals(point)

    def _require_heals(self, point: Point) -> None:
        """Load again and require what a clean load gives, and nothing done twice."""
        commits = self._commits(point)
        self.source.heal()
        self.warehouse.heal()

        report = load(self.sides.job(f"rerun {self._number}", **self.options))

        assert report.is_complete, f"{point}: {report.errors}"
        differences = self.sides.differences()
        assert not differences, f"{point}: {differences}"
        self._require_marks(point)
        broken = f"broken {self._number}"
        count = f"select count(*) from raw._loads where run_id = '{broken}'"
        if point.side == "warehouse":
            # What failed was logged after the fault, over a new line.
            count += " and outcome = 'loaded'"
        logged = self.sides.warehouse(count)[0][0]
        assert logged == commits, f"{point}: {logged} lines of {commits} commits"
        lines = self._lines(broken)
        again = self._lines(f"rerun {self._number}")
        assert sorted(again) == sorted(t.table for t in self.sides.tables), again
        for table in lines:
            assert again[table] == 0, f"{point}: {table} was merged twice"

    def _start(self) -> Loader:
        urls = {
            "source_url": self.source.url(),
            "warehouse_url": self.warehouse.url(),
        }
        return Loader(self.sides.job(f"broken {self._number}", **urls, **self.options))

    @contextmanager
    def _fault(
        self, point: Point, effect: Effect, do: Callable[[], object] | None = None
    ) -> Iterator[None]:
        self._change()
        fault = AtStatement(point.number, when=point.when, effect=effect, do=do)
        sides = {"source": self.source, "warehouse": self.warehouse}
        for side, proxy in sides.items():
            proxy.plan(*([fault] if side == point.side else []))
        yield
        assert sides[point.side].wait_fired(5), f"{point} never came"

    def _change(self) -> None:
        """Insert, update, delete, revive and rename rows; begin anew for a first load.

        Each time the same in kind and count, so that loads take the same statements.
        """
        self._number += 1
        number = self._number
        if self.is_first:
            for schema in SCHEMAS:
                self.sides.warehouse(f"drop schema if exists {schema} cascade")
            self._held.clear()
        for table in ("leads", "bloated"):
            self.sides.source(
                f"insert into {table} values ({1000 + number}, 'new')",
                f"update {table} set name = 'changed {number}' where id % 10 = 7",
                f"insert into {table} values ({40 + (number - 1) % 9}, 'revived') "
                "on conflict (id) do update set name = excluded.name",
                f"delete from {table} where id = {40 + number % 9}",
                f"update {table} set id = {5000 + number} where id = {4999 + number}",
            )
        self.sides.source(
            "delete from clicks where ctid = (select min(ctid) from clicks)",
            f"insert into clicks values ('new {number}'), ('new {number}')",
        )

    def _commits(self, point: Point) -> int:
        """Return how many lines of the log the warehouse was told to commit."""
        statements = self.warehouse.statements
        if point.side == "warehouse":
            statements = statements[: point.number - (point.when == "before")]
        commits = pending = 0
        for text in statements:
            pending += "insert into raw._loads" in text
            if text in ("COMMIT", "ROLLBACK"):
                commits += pending if text == "COMMIT" else 0
                pending = 0
        return commits

    def _lines(self, run_id: str) -> dict[str, int]:
        """Return the tables that a run loaded, with the rows that each changed."""
        rows = self.sides.warehouse(
            "select table_name, rows_inserted + rows_updated + rows_deleted "
            "from raw._loads where outcome = 'loaded' "
            f"and run_id = '{run_id}' order by load_id"
        )
        assert len(dict(rows)) == len(rows), f"{run_id} logged a table twice: {rows}"
        return dict(rows)

    def _require_marks(self, point: Point) -> None:
        """Require that no key which raw has ever held is gone: it is marked."""
        keys = self.sides.keys()
        for table, held in self._held.items():
            assert held <= keys[table], f"{point}: {table} lost {held - keys[table]}"
        self._held = keys


SCENES = ("first load", "snapshot", "xmin")


@contextmanager
def open_scene(name: str, source_url: str, warehouse_url: str) -> Iterator[Scene]:
    """Make one of the scenes in two empty databases."""
    tables = {
        "first load": (LEADS, BLOATED, CLICKS),
        "snapshot": (replace(LEADS, mode="snapshot"), CLICKS),
        "xmin": (replace(LEADS, mode="xmin"), CLICKS),
    }
    sides = Sides(source_url, warehouse_url, tables[name])
    with Proxy(source_url) as source, Proxy(warehouse_url) as warehouse:
        # One table after the other: then statements have numbers.
        options = {"engine": Engine(workers=1, patience=QUICK)}
        is_first = name == "first load"
        yield Scene(sides, source, warehouse, is_first, options)
