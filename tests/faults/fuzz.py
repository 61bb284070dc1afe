"""The long run: every kill point of every kind of load, then the fuzz.

`python -m tests.faults.fuzz --rounds 150 --seed 7`, or `make fuzz`; `--rounds-only`
leaves the kill points out. What a round does belongs to `rounds.py`; the suite has a
shorter run of both.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from time import monotonic

from pipelines.sandbox.server import PostgresServer
from tests.faults.killing import SCENES, open_scene
from tests.faults.rounds import Fuzz


@contextmanager
def open_server(home: Path) -> Iterator[PostgresServer]:
    """Start a server that lets writers prepare their transactions."""
    settings = {"max_prepared_transactions": "20"}
    with PostgresServer(home, settings=settings) as server:
        yield server
        server.remove()


def main() -> None:
    """Do all of it, print what was done and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=randrange(10**6))
    parser.add_argument("--rounds-only", action="store_true")
    options = parser.parse_args()
    # A polite stop takes the server down too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as home, open_server(Path(home)) as server:
        scenes = [] if options.rounds_only else SCENES
        for number, name in enumerate(scenes):
            break_everywhere(name, *_databases(server, str(number)))
        fuzz(options.seed, options.rounds, *_databases(server, "fuzz"))


def break_everywhere(name: str, source_url: str, warehouse_url: str) -> None:
    """Kill, cut and freeze at each point of a kind of load."""
    started = monotonic()
    with open_scene(name, source_url, warehouse_url) as scene:
        points = scene.points()
        for point in points:
            scene.kill_at(point)
            scene.break_at(point, "reset")
        # A frozen line takes its second to be noticed.
        for point in points[::5]:
            scene.break_at(point, "freeze")
    seconds = monotonic() - started
    print(f"{name}: broken at {len(points)} points in {seconds:.0f} s", flush=True)


def fuzz(seed: int, rounds: int, source_url: str, warehouse_url: str) -> None:
    """Do the rounds and say what struck."""
    started = monotonic()
    print(f"fuzz with seed {seed}, {rounds} rounds", flush=True)
    with Fuzz(source_url, warehouse_url, seed) as run:
        run.run(rounds)
    for what, count in sorted(run.tally.items()):
        print(f"{count:6} {what}")
    print(f"equal in the end, after {monotonic() - started:.0f} s")


def _databases(server: PostgresServer, name: str) -> tuple[str, str]:
    for side in ("source", "warehouse"):
        server.create_database(f"{side}_{name}")
    return server.url(f"source_{name}"), server.url(f"warehouse_{name}")


if __name__ == "__main__":
    main()
