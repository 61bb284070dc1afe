"""Lines that break in the middle of a load, and loads that meet each other."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from pipelines.errors import LoadRefused
from pipelines.ingest.databases import Engine
from pipelines.liveness import Patience
from pipelines.load.merge import describe_raw, lock_table
from tests.conftest import NewDatabase
from tests.faults.killing import LEADS
from tests.faults.loader import Loader, Report, load
from tests.faults.plans import TO_CLIENT, TO_SERVER, AfterBytes, AtStatement, Fault
from tests.faults.proxy import Proxy
from tests.faults.sides import Sides

ROWS = 9_000
# Enough for a slow machine; a frozen line is given up after a second or two.
ENGINE = Engine(workers=1, patience=Patience(silence=0.5, probe_timeout=2, deadline=60))
WRITES_LOG = "insert into raw._loads"


@pytest.fixture
def sides(new_database: NewDatabase) -> Sides:
    """Return a table that was loaded once, and has changed since in all its rows."""
    sides = Sides(new_database(), new_database(), (LEADS,))
    sides.source(
        "create table leads (id bigint primary key, name text)",
        f"insert into leads select n, 'old' from generate_series(1, {ROWS}) n",
    )
    assert load(sides.job("first", engine=ENGINE)).is_complete
    sides.source("update leads set name = repeat('new', 30)")
    return sides


@pytest.fixture
def source(sides: Sides) -> Iterator[Proxy]:
    with Proxy(sides.source_url) as proxy:
        yield proxy


@pytest.fixture
def warehouse(sides: Sides) -> Iterator[Proxy]:
    with Proxy(sides.warehouse_url) as proxy:
        yield proxy


def load_through(sides: Sides, proxy: Proxy, *faults: Fault) -> Report:
    """Load over a line on which faults wait."""
    proxy.plan(*faults)
    side = "source_url" if proxy.target == sides.source_url else "warehouse_url"
    report = load(sides.job("broken", engine=ENGINE, **{side: proxy.url()}))
    assert proxy.has_fired
    return report


def changed(sides: Sides) -> int:
    """Return how many living rows raw holds in their new state."""
    query = "select count(*) from raw.landing__leads where name <> 'old'"
    return int(sides.warehouse(query)[0][0])


def require_heals(sides: Sides, *, rows: int = ROWS) -> None:
    """Load once more; it changes so many rows, and then both sides are equal."""
    assert load(sides.job("again", engine=ENGINE)).is_complete
    line = "select rows_updated from raw._loads where run_id = 'again'"
    assert sides.warehouse(line) == [(rows,)]
    assert sides.differences() == []


@pytest.mark.parametrize("effect", ["fin", "freeze"])
def test_source_that_breaks_in_mid_copy_changes_nothing(sides, source, effect):
    report = load_through(sides, source, AfterBytes(400_000, TO_CLIENT, effect))

    assert report.outcomes == {"leads": "failed"}
    assert changed(sides) == 0
    require_heals(sides)


@pytest.mark.parametrize("effect", ["reset", "freeze_to_server"])
def test_warehouse_that_breaks_in_mid_copy_changes_nothing(sides, warehouse, effect):
    report = load_through(sides, warehouse, AfterBytes(400_000, TO_SERVER, effect))

    assert "landing.leads: the warehouse did not take the rows" in report.errors[0]
    assert changed(sides) == 0
    warehouse.heal()
    require_heals(sides)


def test_warehouse_that_is_cut_before_the_commit_changes_nothing(sides, warehouse):
    fault = AtStatement(text=WRITES_LOG, when="after", effect="reset")

    report = load_through(sides, warehouse, fault)

    assert report.errors
    warehouse.heal()
    assert changed(sides) == 0
    require_heals(sides)


@pytest.mark.parametrize("effect", ["reset", "mute"])
def test_commit_whose_answer_is_lost_is_not_done_twice(sides, warehouse, effect):
    load_through(sides, warehouse, AtStatement(1))
    texts = warehouse.statements
    logs = next(n for n, text in enumerate(texts) if WRITES_LOG in text)
    commit = texts.index("COMMIT", logs) + 1
    sides.source("update leads set name = repeat('next', 30)")

    report = load_through(
        sides, warehouse, AtStatement(commit, when="after", effect=effect)
    )

    assert report.errors
    lines = "select outcome from raw._loads where run_id = 'broken' order by load_id"
    # The second line says that we do not know.
    assert sides.warehouse(lines) == [("loaded",), ("loaded",), ("failed",)]
    require_heals(sides, rows=0)


def test_orphan_that_holds_the_table_is_named_and_its_end_frees_it(sides, warehouse):
    # A loader dies behind a line that does not tell: its backend waits for rows.
    warehouse.plan(AfterBytes(400_000, TO_SERVER, "freeze"))
    loader = Loader(sides.job("dead", warehouse_url=warehouse.url()))
    assert warehouse.wait_fired(20)
    loader.kill()
    loader.report()

    with psycopg.connect(sides.warehouse_url) as second:
        second.execute("set lock_timeout = '200ms'")
        with pytest.raises(LoadRefused, match="another load holds") as refused:
            lock_table(second, describe_raw(second, LEADS.name))

    [(pid,)] = sides.warehouse(
        "select pid from pg_stat_activity where datname = current_database() "
        "and query ilike 'copy%from stdin%'"
    )
    assert f"(backend {pid})" in str(refused.value)
    sides.warehouse(f"select pg_terminate_backend({pid}, 20000)")
    require_heals(sides)


def test_two_loads_at_once_end_like_one(sides, source):
    # The first one stands in its COPY until the second one waits for the table.
    waits = (
        "select from pg_locks where locktype = 'advisory' and not granted "
        "and database = (select oid from pg_database where datname = "
        "current_database())"
    )
    seconds: list[Loader] = []

    def start_second() -> None:
        seconds.append(Loader(sides.job("second")))
        sides.wait_for(f"exists ({waits})")

    source.plan(AtStatement(text="copy (", when="after", do=start_second))
    first = load(sides.job("first again", source_url=source.url()))

    reports = [first, *(second.report() for second in seconds)]
    assert [report and report.is_complete for report in reports] == [True, True]
    lines = "select run_id, rows_updated from raw._loads order by load_id"
    assert sides.warehouse(lines)[1:] == [("first again", ROWS), ("second", 0)]
    assert sides.differences() == []


@pytest.mark.parametrize("mode", ["snapshot", "xmin"])
def test_load_that_was_overtaken_leaves_the_newer_state_alone(sides, source, mode):
    sides = replace(sides, tables=(replace(LEADS, mode=mode),))
    overtaking: list[Report] = []

    def overtake() -> None:
        sides.source("update leads set name = 'newest'", "delete from leads where id=7")
        overtaking.append(load(sides.job("newer")))

    # It has looked at the source by then, and not yet at the table.
    fault = AtStatement(text="pg_attribute", when="after", do=overtake)
    source.plan(fault)
    report = load(sides.job("older", source_url=source.url()))

    assert report.is_complete
    assert [other.is_complete for other in overtaking] == [True]
    lines = "select run_id, rows_updated, rows_deleted from raw._loads order by load_id"
    assert sides.warehouse(lines)[1:] == [("newer", ROWS - 1, 1), ("older", 0, 0)]
    assert sides.differences() == []
