"""A round over the past: a backfill, killed and taken up again, is the whole truth.

Daily and hourly loads belong to `rounds.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

from pipelines.ingest.facebook.backfill import open_backfill
from pipelines.load.log import RunInfo
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House, wrong_money, wrong_things
from tests.facebook.foreign.killing import Killed, kill, killed_at
from tests.facebook.foreign.ledgers import wrong_certificates
from tests.facebook.foreign.listening import leaks, listening
from tests.facebook.foreign.paging import Oddities
from tests.facebook.foreign.rounds import SMALL, NewDatabase, Outcome, housed, make
from tests.facebook.foreign.truth import Size, Truth

DAYS = 150


def past_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Load, then backfill with a kill at some call; then nothing is left to do."""
    outcome, random = Outcome(), Random(seed)
    truth = make(seed, replace(size, days=DAYS, density=0.1))
    oddities = Oddities(cap=random.choice((500, 60)))
    graph = ForeignGraph(truth, oddities=oddities)
    with housed(graph, new_database) as house, listening() as ear:
        if random.random() < 0.5:
            house.load()
        house.note_first_days(DAYS)
        try:
            with killed_at(random.randint(1, 40), kill):
                backfill(house)
        except Killed:
            outcome.happened["killed"] += 1
        foretold = backfill(house)
        made = len(graph.calls)
        outcome.note(
            "backfill", wrong_past(house) + wrong_certificates(house, None)[:1]
        )
        backfill(house)
        again = [call.params for call in graph.calls[made:] if call.params.get("level")]
        old = [params for params in again if _is_old(params, truth)]
        outcome.calls["past"] += len(graph.calls)
        outcome.happened["foretold"] += foretold
        if old:
            outcome.note("again", [f"{len(old)} calls for frozen months: {old[:1]}"])
        house.load()
        outcome.note("load", wrong_past(house) + wrong_things(house))
        outcome.note("past", leaks(house, ear))
    return outcome


def _is_old(params: Mapping[str, str], truth: Truth) -> bool:
    """Tell whether a question is about a month's ads that was over and frozen."""
    last = str(json.loads(params["time_range"])["until"])
    frozen = str(truth.now.date() - timedelta(days=62))
    return params["level"] == "ad" and last < frozen


def wrong_past(house: House) -> list[str]:
    """Say what money is wrong; hours are not of the past."""
    return [text for text in wrong_money(house) if " hours" not in text]


def backfill(house: House) -> int:
    """Backfill all days of the truth; return the calls that were foretold."""
    today = house.truth.now.date()
    with open_backfill(
        house.warehouse_url,
        house.config,
        databases={},
        run=RunInfo(run_id="past", as_of=house.truth.now),
        window=(today - timedelta(days=DAYS + 2), today + timedelta(days=1)),
        on_progress=house.said.append,
        timer=house.timer,
    ) as opened:
        foretold = opened.forecast.calls
        for month in opened.months():
            house.said.append(repr(month))
    return foretold
