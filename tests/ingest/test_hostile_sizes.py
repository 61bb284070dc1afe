"""Hostile sizes: memory stays bounded, whatever a row or a table weighs."""

import json
import subprocess
import sys
from pathlib import Path

from tests.ingest.hostile import in_both_modes
from tests.ingest.source import Pair

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
from pathlib import Path
from tests.ingest.source import Pair, declare

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if "VmHWM" in line)

url, mode = sys.argv[1:]
tables = [declare("leads", {"id": "int", "v": "jsonb"}, mode=mode or None)]
pair = Pair(url, url, tables)
before = peak()
changes = [pair.changes(), pair.changes()]
print(json.dumps([changes, peak() - before]))
"""


def load_apart(pair: Pair, mode: str = "") -> tuple[list[list[int]], int]:
    """Load twice in a process of its own: changes, and by how many MB it grew."""
    command = [sys.executable, "-c", SCRIPT, pair.source_url, mode]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    changes, megabytes = json.loads(done.stdout)
    return changes, megabytes


@in_both_modes
def test_row_of_fifty_megabytes_needs_bounded_memory(pair, mode):
    pair.source(
        "create table leads (id int primary key, v jsonb)",
        "insert into leads select n, jsonb_build_object('a', repeat('0123456789', "
        "case n when 2 then 5000000 else 1 end)) from generate_series(1, 3) n",
    )

    changes, megabytes = load_apart(pair, mode)

    assert changes == [[3, 0, 0], [0, 0, 0]]
    # One row is one message: the client library and we hold it whole, a few times.
    assert megabytes < 300
    sizes = "select length(v ->> 'a') from raw.landing__leads order by id"
    assert pair.raw(sizes) == [(10,), (50_000_000,), (10,)]


def test_table_of_a_hundred_megabytes_needs_constant_memory(pair):
    pair.source(
        "create table leads (id int primary key, v jsonb)",
        "insert into leads select n, jsonb_build_object('a', repeat('x', 1000)) "
        "from generate_series(1, 100000) n",
    )

    changes, megabytes = load_apart(pair)

    assert changes == [[100_000, 0, 0], [0, 0, 0]]
    assert megabytes < 50
