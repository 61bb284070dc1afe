"""Many seeds of the second AmoCRM: `python -m tests.amocrm.foreign_rounds`.

What a round is belongs to `foreign/rounds.py`; the suite runs a few of them.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipelines.catalog import load_catalog
from pipelines.sandbox.server import PostgresServer
from pipelines.warehouse import connect, prepare
from tests.amocrm.foreign.founding import Size
from tests.amocrm.foreign.killing import killed_round
from tests.amocrm.foreign.refusing import filters_round, rights_round, tokens_round
from tests.amocrm.foreign.ringing import hooks_round
from tests.amocrm.foreign.rounds import (
    SMALL,
    NewDatabase,
    Outcome,
    calm_round,
    hostile_round,
    storm_round,
)

ROUNDS = {
    "calm": calm_round,
    "storm": storm_round,
    "hostile": hostile_round,
    "killed": killed_round,
    "hooks": hooks_round,
    "tokens": tokens_round,
    "rights": rights_round,
    "filters": filters_round,
}
LARGE = Size(leads=3000, contacts=1500, companies=300, tasks=800)


def main() -> int:
    """Run the rounds; return 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--kind", choices=[*ROUNDS, "all"], default="all")
    parser.add_argument("--large", action="store_true", help="up to 3,000 deals")
    asked = parser.parse_args()
    kinds = list(ROUNDS) if asked.kind == "all" else [asked.kind]
    seeds = range(asked.first, asked.first + asked.seeds)
    size = LARGE if asked.large else SMALL
    total, failed = Outcome(), 0
    with tempfile.TemporaryDirectory() as home, PostgresServer(Path(home)) as server:
        databases = _databases(server)
        for seed, kind in itertools.product(seeds, kinds):
            failed += _run(kind, seed, databases, size, total)
        server.remove()
    _print_total(total, failed)
    return 1 if failed else 0


def _databases(server: PostgresServer) -> NewDatabase:
    numbers = itertools.count()
    server.create_database("prepared")
    with connect(server.url("prepared")) as connection:
        prepare(connection, load_catalog())

    def new_database() -> str:
        name = f"round_{next(numbers)}"
        server.create_database(name, template="prepared")
        return server.url(name)

    return new_database


def _run(
    kind: str, seed: int, databases: NewDatabase, size: Size, total: Outcome
) -> int:
    begun = time.monotonic()
    try:
        outcome = ROUNDS[kind](seed, databases, size)
    except Exception as error:
        # Told with its seed, so that it can be looked at alone; the others go on.
        outcome = Outcome(wrong=[f"{type(error).__name__}: {error}"])
    for one, other in (
        (total.calls, outcome.calls),
        (total.least, outcome.least),
        (total.surplus, outcome.surplus),
        (total.happened, outcome.happened),
    ):
        one.update(other)
    seconds = time.monotonic() - begun
    state = "WRONG" if outcome.wrong else "right"
    calls, least = outcome.calls.total(), outcome.least.total()
    cost = f", {calls} calls, least {least}" if least else ""
    print(f"{kind} {seed}: {state} ({seconds:.1f} s{cost})", flush=True)
    for text in outcome.wrong[:8]:
        print(f"    {text[:900]}", flush=True)
    return bool(outcome.wrong)


def _print_total(total: Outcome, failed: int) -> None:
    for step, calls in total.calls.items():
        least = total.least[step]
        print(f"{step}: {calls} calls, least {least}: {calls / max(least, 1):.3f}")
    print(f"surplus calls: {dict(Counter(total.surplus).most_common(12))}")
    print(f"happened: {dict(total.happened)}")
    print(f"{failed} rounds were wrong")


if __name__ == "__main__":
    sys.exit(main())
