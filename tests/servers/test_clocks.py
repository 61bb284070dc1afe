"""The clock of the host may be wrong: loads take time from the databases alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipelines

ROOT = Path(pipelines.__file__).parent
LOADING = [
    *(ROOT / "load").glob("*.py"),
    *(ROOT / "extract" / "postgres").glob("*.py"),
    *(ROOT / "ingest").glob("*.py"),
    ROOT / "connections.py",
    ROOT / "warehouse.py",
]
# Whatever tells what time it is; a monotonic clock only tells how long something took.
CLOCKS = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def clocks_in(path: Path) -> Iterator[str]:
    """Name the places of a module that ask the host what time it is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found = {alias.name for alias in node.names} & CLOCKS["time"]
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            found = {node.attr} & CLOCKS.get(owner, set())
        else:
            continue
        yield from (f"{path.name}:{node.lineno} {name}" for name in found)


@pytest.mark.parametrize("path", LOADING, ids=lambda path: path.name)
def test_loading_never_asks_the_host_for_the_time(path):
    assert list(clocks_in(path)) == []


def test_the_search_for_clocks_finds_them(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "import datetime, time\nfrom time import monotonic, time_ns\n"
        "a = datetime.datetime.now(), datetime.date.today(), time.time()\n"
        "b = time.monotonic(), a.now\n"
    )

    found = list(clocks_in(module))

    assert len(found) == 4


def test_times_of_a_load_are_those_of_the_warehouse(leads_of, primary):
    pair = leads_of(primary, mode=None)
    (before,) = pair.raw("select clock_timestamp()")[0]
    pair.source("update leads set name = 'new' where id = 7")
    pair.load(run_id="second")
    (after,) = pair.raw("select clock_timestamp()")[0]

    (loaded,) = pair.raw(
        "select _loaded_at from raw.landing__leads where _run_id = 'second'"
    )[0]
    started, finished = pair.raw(
        "select started_at, finished_at from raw._loads where run_id = 'second'"
    )[0]

    assert before <= started <= loaded <= finished <= after
