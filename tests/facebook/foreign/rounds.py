"""Rounds of a seed: load from the second Graph API as it is calm, hostile or sick.

Each returns what was wrong, in words; an empty list is right. How many seeds are tried,
and where, belongs to the tests and to `foreign_rounds.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from pipelines.errors import SourceError
from tests.facebook.foreign.changes import move_on
from tests.facebook.foreign.crowd import add_crowd
from tests.facebook.foreign.faults import patient_plan
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House, opened, wrong_money, wrong_things
from tests.facebook.foreign.least import least_calls, least_hourly_calls, surplus
from tests.facebook.foreign.ledgers import (
    remember,
    wrong_certificates,
    wrong_order,
    wrong_restatements,
    wrong_versions,
)
from tests.facebook.foreign.listening import Ear, leaks, listening
from tests.facebook.foreign.paging import Oddities
from tests.facebook.foreign.server import serve
from tests.facebook.foreign.shapes import Troubles
from tests.facebook.foreign.sickness import make_sick
from tests.facebook.foreign.truth import Size, Truth, make_truth

NewDatabase = Callable[[], str]
SMALL = Size(accounts=4, ads=40, days=40)
WORST_RATIO = 1.2
# A refusal that is final ends the account, or each of its seven tables.
MOST_REFUSED = 10


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
    """Load first, some days later, a day later, an hour later; count what it takes."""
    outcome, random = Outcome(), Random(seed)
    cap = random.choice((500, 500, 60))
    truth = make(seed, size)
    graph = ForeignGraph(truth, oddities=Oddities(cap=cap))
    with housed(graph, new_database) as house, listening() as ear:
        passed = {"late": random.choice((2, 40)), "daily": 1}
        for step in ("first", "late", "daily", "hourly"):
            before, known = remember(truth), house.known()
            days = passed.get(step, 0)
            if days:
                move_on(truth, random, days=days)
            truth.now += timedelta(hours=1)
            least = (
                least_hourly_calls(truth, cap=cap, known=known)
                if step == "hourly"
                else least_calls(truth, cap=cap, known=known, days=max(28, 27 + days))
            )
            calls = house.load(recent=step == "hourly")
            _count(outcome, step, [call.category for call in calls], least)
            outcome.note(step, wrong_money(house) + wrong_things(house))
            outcome.note(step, wrong_certificates(house, calls) + wrong_order(calls))
            if step != "hourly":
                outcome.note(step, wrong_versions(house))
            if days:
                outcome.note(step, wrong_restatements(house, before))
            else:
                outcome.note(step, _needless(house) if step != "first" else [])
        outcome.note("calm", leaks(house, ear))
    return outcome


def _needless(house: House) -> list[str]:
    """Say which tables a load changed, although nothing had changed."""
    return [
        f"{table.table}: {table.result} for nothing"
        for table in house.loaded
        if table.result.rows_changed
    ]


def _count(outcome: Outcome, step: str, made: list[str], least: Counter[str]) -> None:
    outcome.calls[step] += len(made)
    outcome.least[step] += least.total()
    more = surplus(made, least)
    outcome.surplus.update({f"{step} {purpose}": n for purpose, n in more.items()})
    if step != "late" and len(made) > least.total() * WORST_RATIO + 1:
        outcome.note(step, [f"{len(made)} calls, not {least.total()}: {more}"])


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
    graph.troubles = Troubles()
    graph.plan(patient_plan([*digits, ""], random))
    for one in digits:
        if random.random() < 0.3:
            graph.troubles.rows_at_most[one] = random.choice((25, 60, 100, 250))
        if random.random() < 0.15:
            graph.troubles.sync_never.add(one)
    troubles = ("failed", "skipped", "young 33", "young 2601", "unreadable poll")
    graph.jobs.troubles = random.sample(troubles, k=random.randint(0, 2))


def sick_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Make one account incurable: the others are complete, the error names it."""
    outcome, random = Outcome(), Random(seed)
    truth = of_three(seed, size)
    graph = ForeignGraph(truth)
    with housed(graph, new_database) as house, listening() as ear:
        house.load()
        before = house.dump()
        move_on(truth, random)
        sick = random.choice(list(truth.accounts.values()))
        sickness = make_sick(graph, sick, random)
        made = len(graph.calls)
        told = _told(house, ear)
        refused = [
            c for c in graph.calls[made:] if c.ended and c.account == sick.digits
        ]
        wrong = [text for text in wrong_money(house) if sick.id not in text]
        if not sickness.is_told(told, sick.id):
            wrong.append(f"not told: {told[:300]}")
        if sickness.is_hopeless and len(refused) > MOST_REFUSED:
            wrong.append(f"asked in vain {len(refused)} times")
        outcome.note(sickness.name, wrong + sickness.check(house, sick, before))
        graph.troubles = Troubles()
        graph.plan({})
        house.timer.sleep(7200)
        wrong = _wrong_after_an_hour(house, sick.id)
        house.load()
        wrong += wrong_money(house) + wrong_things(house)
        outcome.note(f"{sickness.name}, healed", wrong)
        outcome.note(sickness.name, leaks(house, ear))
        outcome.happened[sickness.name] += 1
    return outcome


def _wrong_after_an_hour(house: House, account_id: str) -> list[str]:
    """Say what money an hourly load leaves wrong after a daily one has failed."""
    [(outcome,)] = house.rows(
        "select outcome from raw._loads where scope = %s and mode = 'window' "
        "and table_name = 'ad_insights' order by load_id desc limit 1",
        account_id,
    )
    house.truth.now += timedelta(minutes=1)
    house.load(recent=True)
    if outcome != "failed":
        return []
    wrong = [text for text in wrong_money(house) if " hours" not in text]
    return [f"an hour later: {text}" for text in wrong]


def of_three(seed: int, size: Size) -> Truth:
    """Return a truth of at least three accounts."""
    while True:
        truth = make(seed, replace(size, accounts=5))
        if len(truth.accounts) >= 3:
            return truth
        seed += 1000


def _told(house: House, ear: Ear) -> str:
    """Load; return the error and the warnings that it ended with."""
    try:
        house.load()
    except SourceError as error:
        ear.hear_error(error)
        return f"{error}\n" + "\n".join(house.warnings)
    return "\n".join(house.warnings)
