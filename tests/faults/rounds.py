"""Rounds of the fuzz: random writers, random faults, and in the end equal rows.

What a round writes belongs to `writers.py`, the long run to `fuzz.py`.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Literal

from pipelines.ingest.databases import Engine
from pipelines.liveness import Patience
from pipelines.load.guards import Confirmation
from tests.faults.fuzzed_tables import FUZZED
from tests.faults.loader import Loader, Report, load
from tests.faults.plans import AfterBytes, AtStatement, Effect, Fault, Way
from tests.faults.proxy import Proxy
from tests.faults.sides import Sides
from tests.faults.writers import Writers

CUTS: tuple[Effect, ...] = ("fin", "reset")
FREEZES: tuple[Effect, ...] = ("freeze", "freeze_to_server", "freeze_to_client", "mute")
WAYS: tuple[Way, ...] = ("to_server", "to_client")
# A frozen line is given up after two to five seconds instead of a minute.
PATIENCE = Patience(silence=0.4, probe_timeout=1, deadline=60)
# What a load may say although nobody broke anything: the guards, and busy tables.
EXPECTED = (
    "are missing in the source",
    "another load holds the table",
    "lock timeout",
)
LONGEST = 30.0


class Fuzz:
    """A source, a warehouse, writers and broken lines between them."""

    def __init__(self, source_url: str, warehouse_url: str, seed: int) -> None:
        self.seed = seed
        self.tally: Counter[str] = Counter()
        self._random = Random(f"faults {seed}")
        # Both modes are there, whatever the seed.
        modes: list[Literal["snapshot", "xmin"]] = ["snapshot", "xmin", "xmin", "xmin"]
        self._random.shuffle(modes)
        tables = [
            table.declare(mode)
            for table, mode in zip(FUZZED, [*modes, "snapshot"], strict=True)
        ]
        self._sides = Sides(source_url, warehouse_url, tuple(tables))
        self._writers = Writers(source_url, Random(f"writers {seed}"), FUZZED)
        self._source = Proxy(source_url)
        self._warehouse = Proxy(warehouse_url)
        self._held: dict[str, set[str]] = {}
        self._fault = ""
        # What a load takes on each side: faults come within it.
        self._statements = {self._source: 30, self._warehouse: 100}
        self._bytes = dict.fromkeys(self._statements, dict.fromkeys(WAYS, 9_000))

    def __enter__(self) -> "Fuzz":
        self._source.__enter__()
        self._warehouse.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._warehouse.__exit__()
        self._source.__exit__()
        self._writers.close()

    def run(self, rounds: int) -> None:
        """Do so many rounds and require that both sides are equal in the end."""
        try:
            for number in range(1, rounds + 1):
                self._round(number)
            self._settle()
        except Exception as error:
            log = "\n".join(self._writers.log)
            error.add_note(f"{log}\n\nseed {self.seed}, {rounds} rounds")
            raise

    def _round(self, number: int) -> None:
        kinds: dict[Callable[[str], None], int] = {
            self._clean: 3,
            self._kill: 5,
            self._kill_later: 2,
            self._cut: 5,
            self._freeze: 4,
            self._refuse: 1,
            self._two: 2,
        }
        self._writers.write(self._random.randint(1, 5))
        if self._random.random() < 0.3:
            self._writers.maintain()
        if self._random.random() < 0.1:
            self._writers.finish()
            self._writers.maintain()
        [kind] = self._random.choices(list(kinds), list(kinds.values()))
        self._log(f"round {number}: {kind.__name__}")
        self._source.plan()
        self._warehouse.plan()
        self._fault = kind.__name__.strip("_")
        kind(f"round {number}")
        if self._source.has_fired or self._warehouse.has_fired:
            self.tally[f"fault: {self._fault}"] += 1
        self._source.heal()
        self._warehouse.heal()
        self._require_held()

    # Kinds of rounds.

    def _clean(self, run_id: str) -> None:
        """Load while nobody writes: what is committed is in raw right after."""
        report = self._finish(self._start(run_id))
        self._require_expected(report)
        if report.is_complete:
            self._require_equal("right after a clean load")
            self.tally["equal right after a load"] += 1
            for proxy in self._statements:
                self._statements[proxy] = len(proxy.statements)
                self._bytes[proxy] = proxy.passed

    def _kill(self, run_id: str) -> None:
        """Kill the loader before or after a statement."""
        loaders: list[Loader] = []
        self._plan(lambda proxy: self._at_statement(proxy, loaders))
        loaders.append(self._start(run_id))
        self._write_beside()
        self._finish(loaders[0])

    def _kill_later(self, run_id: str) -> None:
        """Kill the loader whatever it does just now."""
        loader = self._start(run_id)
        if not loader.ends_within(self._random.uniform(0, 0.4)):
            loader.kill()
            self.tally["fault: kill at a moment"] += 1
        self._finish(loader)

    def _cut(self, run_id: str) -> None:
        """Cut the line after some bytes, or at a statement."""
        self._plan(lambda proxy: self._line_fault(proxy, CUTS))
        loader = self._start(run_id)
        self._write_beside()
        self._finish(loader)

    def _freeze(self, run_id: str) -> None:
        """Freeze the line; the loader has to find out that nobody is there."""
        self._plan(lambda proxy: self._line_fault(proxy, FREEZES))
        loader = self._start(run_id)
        self._write_beside()
        self._finish(loader)

    def _refuse(self, run_id: str) -> None:
        """Let no connection through to one of the sides."""
        self._random.choice([self._source, self._warehouse]).refuse()
        assert not self._finish(self._start(run_id)).is_complete
        self.tally["fault: refuse"] += 1

    def _two(self, run_id: str) -> None:
        """Run two loads at once, sometimes over a line that breaks."""
        if self._random.random() < 0.4:
            self._plan(lambda proxy: self._line_fault(proxy, CUTS))
        loaders = [self._start(f"{run_id} {name}") for name in ("one", "two")]
        self._write_beside()
        for loader in loaders:
            self._finish(loader)

    # Faults.

    def _plan(self, make: Callable[[Proxy], Fault]) -> None:
        proxy = self._random.choice([self._source, self._warehouse])
        fault = make(proxy)
        side = "source" if proxy is self._source else "warehouse"
        place = "bytes" if isinstance(fault, AfterBytes) else f"{fault.when} statement"
        self._fault += f" ({fault.effect}) on {side}, {place}"
        self._log(f"  {fault}")
        proxy.plan(fault)

    def _line_fault(self, proxy: Proxy, effects: tuple[Effect, ...]) -> Fault:
        effect = self._random.choice(effects)
        everywhere = self._random.random() < 0.7
        if self._random.random() < 0.6:
            way = self._random.choice(WAYS)
            count = self._random.randint(1, self._bytes[proxy][way])
            return AfterBytes(count, way, effect, everywhere)
        number = self._random.randint(1, self._statements[proxy])
        when: Literal["before", "after"] = self._random.choice(["before", "after"])
        return AtStatement(number, when=when, effect=effect, everywhere=everywhere)

    def _at_statement(self, proxy: Proxy, loaders: list[Loader]) -> AtStatement:
        number = self._random.randint(1, self._statements[proxy])
        when: Literal["before", "after"] = self._random.choice(["before", "after"])
        return AtStatement(number, when=when, effect="fin", do=lambda: _kill(loaders))

    # Loads.

    def _start(self, run_id: str) -> Loader:
        urls = {
            "source_url": self._source.url(),
            "warehouse_url": self._warehouse.url(),
        }
        return Loader(self._sides.job(run_id, **urls, **self._options()))

    def _options(self) -> dict[str, Any]:
        engine = Engine(workers=self._random.randint(1, 3), patience=PATIENCE)
        confirmed = [table.table for table in self._sides.tables]
        is_confirmed = self._random.random() < 0.4
        deletes = Confirmation(deletes=confirmed if is_confirmed else ())
        return {"engine": engine, "confirm": deletes}

    def _write_beside(self) -> None:
        self._writers.write(self._random.randint(0, 4))
        if self._random.random() < 0.2:
            self._writers.maintain()

    def _finish(self, loader: Loader) -> Report:
        report = loader.report(LONGEST)
        if report is None:
            assert "kill" in self._fault, "a loader died by itself"
            self.tally["loads killed"] += 1
            self._log("  killed")
            return Report({}, {}, ("killed",))
        self.tally["loads complete"] += report.is_complete
        self.tally["loads failed"] += not report.is_complete
        self.tally.update(f"tables by {mode}" for mode in report.modes.values() if mode)
        self._log(f"  {report}")
        return report

    def _settle(self) -> None:
        """End all writers, load twice without faults and compare everything."""
        self._writers.finish()
        confirmed = tuple(table.table for table in self._sides.tables)
        options = {
            "confirm": Confirmation(deletes=confirmed),
            "engine": Engine(patience=PATIENCE),
        }
        reports = [load(self._sides.job(f"end {n}", **options)) for n in (1, 2)]
        assert reports[1].is_complete, reports
        self._require_equal("in the end")
        self._require_held()
        changes = self._sides.warehouse(
            "select table_name, rows_inserted, rows_updated, rows_deleted "
            "from raw._loads where run_id = 'end 2' "
            "and rows_inserted + rows_updated + rows_deleted > 0"
        )
        assert not changes, f"a second load found changes: {changes}"

    def _require_expected(self, report: Report) -> None:
        strange = [e for e in report.errors if not any(say in e for say in EXPECTED)]
        assert not strange, f"nobody broke anything: {strange}"

    def _require_equal(self, when: str) -> None:
        differences = self._sides.differences()
        assert not differences, "\n".join([f"unequal {when}", *differences])

    def _require_held(self) -> None:
        """Require that no key which raw has ever held is gone: it is marked."""
        keys = self._sides.keys() if self._is_prepared() else {}
        for table, held in self._held.items():
            assert held <= keys[table], f"{table} lost {held - keys[table]}"
        self._held = keys

    def _is_prepared(self) -> bool:
        last = f"raw.{self._sides.tables[-1].name}"
        return self._sides.warehouse(f"select to_regclass('{last}') is not null")[0][0]

    def _log(self, line: str) -> None:
        self._writers.log.append(line)


def _kill(loaders: list[Loader]) -> None:
    for loader in loaders:
        loader.kill()
