"""A load in a process of its own, that ends at one of its calls as by a power cut.

What is true after it belongs to the tests.
"""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.run import ingest_facebook
from pipelines.load.log import RunInfo
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House
from tests.facebook.foreign.killing import clean_load, killed_at, unlike
from tests.facebook.foreign.rounds import SMALL, NewDatabase, Outcome, housed, make
from tests.facebook.foreign.truth import Size
from tests.facebook_clock import VirtualTimer

EXIT = 86
ROOT = Path(__file__).parents[3]


def die_at(house: House, call: int) -> int:
    """Load in another process that dies at a call; return how it ended."""
    truth = house.truth
    asked = {
        "warehouse_url": house.warehouse_url,
        "graph_url": house.graph_url,
        "access_token": truth.token,
        "app_secret": truth.secret,
        "listed_accounts": truth.account_ids,
        "as_of": truth.now.isoformat(),
        "call": call,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.facebook.foreign.dying"],
        input=json.dumps(asked),
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    return ended.returncode


def dead_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, deaths: int = 3
) -> Outcome:
    """Let first loads die at some calls; a rerun in this process makes each whole."""
    outcome, random = Outcome(), Random(seed)
    clean, calls = clean_load(seed, new_database, size, "first")
    for _ in range(deaths):
        at = random.randint(1, calls)
        with housed(ForeignGraph(make(seed, size)), new_database) as house:
            if die_at(house, at) == EXIT:
                outcome.happened["died"] += 1
            house.load()
            outcome.note(f"at {at}", unlike(clean, house.dump()))
    return outcome


def main(asked: dict[str, Any]) -> None:
    config = FacebookConfig(
        access_token=asked["access_token"],
        app_secret=asked["app_secret"],
        graph_url=asked["graph_url"],
        listed_accounts=tuple(asked["listed_accounts"]),
    )
    run = RunInfo(run_id="run", as_of=datetime.fromisoformat(asked["as_of"]))
    with killed_at(asked["call"], lambda: os._exit(EXIT)):
        for _ in ingest_facebook(
            asked["warehouse_url"],
            config,
            databases={},
            run=run,
            timer=VirtualTimer(),
        ):
            pass


if __name__ == "__main__":
    main(json.load(sys.stdin))
