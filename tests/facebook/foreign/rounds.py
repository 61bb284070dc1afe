"""Rounds of a seed: load from the second Graph API as it is calm, hostile or dead.

Each returns what was wrong, in words; an empty list is right. How many seeds are tried,
and where, belongs to the tests and to `foreign_rounds.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from unittest.mock import patch

import requests

from pipelines.errors import SourceError
from tests.facebook.foreign.changes import move_on
from tests.facebook.foreign.crowd import add_crowd
from tests.facebook.foreign.faults import patient_plan
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House, opened, wrong_money, wrong_things
from tests.facebook.foreign.least import least_calls, least_hourly_calls, surplus
from tests.facebook.foreign.listening import Ear, leaks, listening
from tests.facebook.foreign.paging import Oddities
from tests.facebook.foreign.server import serve
from tests.facebook.foreign.shapes import Troubles
from tests.facebook.foreign.truth import Size, Truth, make_truth

NewDatabase = Callable[[], str]
SMALL = Size(accounts=4, ads=40, days=40)
WORST_RATIO = 1.2


@dataclass
class Outcome:
    """What a round found, and what it cost."""

    wrong: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    least: Counter[str] = field(default_factory=Counter)
    surplus: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, wrong: list[str]) -> None:
        self.wrong += [f"{what}: {text}" for text in wrong]


def make(seed: int, size: Size, *, torn: bool = False) -> Truth:
    """Return a truth with its pages and leads, and a creative that shows the token."""
    truth = make_truth(seed, size=size, torn=torn)
    add_crowd(truth, Random(seed))
    for account in truth.accounts.values():
        for creative in list(account.shelf.by_kind["adcreatives"].values())[:1]:
            creative["link_url"] = f"https://x.example.com/?access_token={truth.token}"
    return truth


@contextmanager
def housed(graph: ForeignGraph, new_database: NewDatabase) -> Iterator[House]:
    with serve(graph) as url, opened(graph, url, new_database()) as house:
        yield house


def calm_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Load first, a day later, an hour later; count what it takes."""
    outcome, random = Outcome(), Random(seed)
    cap = random.choice((500, 500, 60))
    truth = make(seed, size)
    graph = ForeignGraph(truth, oddities=Oddities(cap=cap))
    with housed(graph, new_database) as house, listening() as ear:
        for step in ("first", "daily", "hourly"):
            known, recent = house.known(), step == "hourly"
            least = (
                least_hourly_calls(truth, cap=cap, known=known)
                if recent
                else least_calls(truth, cap=cap, known=known)
            )
            calls = house.load(recent=recent)
            outcome.calls[step] += len(calls)
            outcome.least[step] += least.total()
            more = surplus([call.category for call in calls], least)
            outcome.surplus.update({f"{step} {k}": n for k, n in more.items()})
            outcome.note(step, wrong_money(house) + wrong_things(house))
            if len(calls) > least.total() * WORST_RATIO + 1:
                outcome.note(step, [f"{len(calls)} calls, not {least.total()}: {more}"])
            if step == "first":
                move_on(truth, random)
            else:
                truth.now += timedelta(hours=1)
        outcome.note("calm", leaks(house, ear))
    return outcome


def hostile_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, torn: bool = False
) -> Outcome:
    """Load three days running while everything goes wrong that patience survives."""
    outcome, random = Outcome(), Random(seed)
    truth = make(seed, size, torn=torn)
    oddities = Oddities(
        cap=random.choice((500, 100, 23, 5)),
        empty=random.choice((0, 0.2)),
        overlap=random.choice((0, 0.3)),
        trailing=random.choice((0, 0.5)),
    )
    deleted = random.choice(("error", "nothing", "works"))
    graph = ForeignGraph(truth, oddities=oddities, deleted=deleted)
    with housed(graph, new_database) as house, listening() as ear:
        for day in range(3):
            _trouble(graph, random)
            try:
                house.load()
            except SourceError as error:
                ear.hear_error(error)
                outcome.note(f"day {day}", [f"failed: {error}"])
            else:
                outcome.note(f"day {day}", wrong_money(house) + wrong_things(house))
            outcome.note(f"day {day}", leaks(house, ear))
            move_on(truth, random, days=random.choice((1, 1, 2)))
    outcome.happened = graph.happened
    return outcome


def _trouble(graph: ForeignGraph, random: Random) -> None:
    digits = list(graph.truth.accounts)
    graph.troubles = Troubles(plan=patient_plan([*digits, ""], random))
    graph._asked.clear()
    for one in digits:
        if random.random() < 0.3:
            graph.troubles.rows_at_most[one] = random.choice((25, 60, 100, 250))
        if random.random() < 0.15:
            graph.troubles.sync_never.add(one)
    troubles = ("failed", "skipped", "young 33", "young 2601", "unreadable poll")
    graph.jobs.troubles = random.sample(troubles, k=random.randint(0, 2))


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


def _raise_killed() -> None:
    raise Killed


def killed_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, kills: int = 4
) -> Outcome:
    """Kill a first load and a daily one at some calls; a rerun makes each whole."""
    outcome = Outcome()
    for step in ("first", "daily"):
        clean, calls = _clean(seed, new_database, size, step)
        random = Random(f"{seed}{step}")
        for _ in range(kills):
            at = random.randint(1, max(1, calls))
            truth = make(seed, size)
            with housed(ForeignGraph(truth), new_database) as house:
                _prelude(house, seed, step)
                try:
                    with killed_at(at, _raise_killed):
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


def _clean(
    seed: int, new_database: NewDatabase, size: Size, step: str
) -> tuple[dict[str, list[str]], int]:
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


def sick_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Make one account incurable: the others are complete, the error names it."""
    from tests.facebook.foreign.sickness import make_sick  # noqa: PLC0415

    outcome, random = Outcome(), Random(seed)
    truth = make(seed, Size(5, size.ads, size.days, size.density))
    while len(truth.accounts) < 3:
        seed += 1000
        truth = make(seed, Size(5, size.ads, size.days, size.density))
    graph = ForeignGraph(truth)
    with housed(graph, new_database) as house, listening() as ear:
        house.load()
        before = house.dump()
        move_on(truth, random)
        sick = random.choice(list(truth.accounts.values()))
        sickness = make_sick(graph, sick, random)
        told = _told(house, ear)
        healthy = [w for w in wrong_money(house) if sick.id not in w]
        outcome.note(sickness.name, healthy)
        if not sickness.is_harmless(told, sick.id):
            outcome.note(sickness.name, [f"not named: {told[:300]}"])
        outcome.note(sickness.name, sickness.check(house, sick, before))
        graph.troubles = Troubles()
        graph._asked.clear()
        house.timer.sleep(7200)
        house.load()
        outcome.note(f"{sickness.name}, healed", wrong_money(house))
        outcome.note(f"{sickness.name}, healed", wrong_things(house))
        outcome.note(sickness.name, leaks(house, ear))
        outcome.happened[sickness.name] += 1
    return outcome


def _told(house: House, ear: Ear) -> str:
    """Load; return the error and the warnings that it ended with."""
    try:
        house.load()
    except SourceError as error:
        ear.hear_error(error)
        return f"{error}\n" + "\n".join(house.warnings)
    return "\n".join(house.warnings)
