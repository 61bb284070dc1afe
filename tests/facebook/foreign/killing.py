"""Rounds that kill a load at one of its calls: run again, it is as if nothing was.

Loads that are left alive belong to `rounds.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

import requests

from tests.facebook.foreign.changes import move_on
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House
from tests.facebook.foreign.rounds import SMALL, NewDatabase, Outcome, housed, make
from tests.facebook.foreign.truth import Size


class Killed(BaseException):
    """The process dies here."""


@contextmanager
def killed_at(call: int, die: Callable[[], None]) -> Iterator[None]:
    """Die instead of making the so-manieth call."""
    send, made = requests.adapters.HTTPAdapter.send, Counter[str]()

    def counting(
        self: requests.adapters.HTTPAdapter, *args: object, **options: object
    ) -> requests.Response:
        made["calls"] += 1
        if made["calls"] >= call:
            die()
        return send(self, *args, **options)  # type: ignore[arg-type]

    with patch.object(requests.adapters.HTTPAdapter, "send", counting):
        yield


def kill() -> None:
    raise Killed


def killed_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, kills: int = 4
) -> Outcome:
    """Kill a first load and a daily one at some calls; a rerun makes each whole."""
    outcome = Outcome()
    for step in ("first", "daily"):
        clean, calls = clean_load(seed, new_database, size, step)
        random = Random(f"{seed}{step}")
        for _ in range(kills):
            at = random.randint(1, max(1, calls))
            truth = make(seed, size)
            with housed(ForeignGraph(truth), new_database) as house:
                _prelude(house, seed, step)
                try:
                    with killed_at(at, kill):
                        house.load()
                except Killed:
                    outcome.happened["killed"] += 1
                house.load()
                outcome.note(f"{step} at {at}", unlike(clean, house.dump()))
    return outcome


def _prelude(house: House, seed: int, step: str) -> None:
    if step == "daily":
        house.load()
        move_on(house.truth, Random(seed))


def clean_load(
    seed: int, new_database: NewDatabase, size: Size, step: str
) -> tuple[dict[str, list[str]], int]:
    """Return what a load that nobody disturbs leaves, and its number of calls."""
    with housed(ForeignGraph(make(seed, size)), new_database) as house:
        _prelude(house, seed, step)
        calls = len(house.load())
        return house.dump(), calls


def unlike(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """Say in which tables two dumps differ, with a row of each."""
    return [
        f"{table}: only in one {[r[:200] for r in rows if r not in other[table]][:1]}, "
        f"only in the other {[r[:200] for r in other[table] if r not in rows][:1]}"
        for table, rows in one.items()
        if rows != other[table]
    ]
