"""Rounds of a seed: load from the second AmoCRM as it is calm, stormy or hostile.

Each returns what was wrong, in words; an empty list is right. How many seeds are tried,
and where, belongs to the tests and to `foreign_rounds.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from tests.amocrm.foreign.comparing import (
    SWEPT,
    present,
    wrong,
    wrong_deletions,
    wrong_rows,
)
from tests.amocrm.foreign.crm import ForeignCrm
from tests.amocrm.foreign.founding import Size, found
from tests.amocrm.foreign.habits import Habits, odd_habits
from tests.amocrm.foreign.histories import Seen, remember, wrong_versions
from tests.amocrm.foreign.house import House, opened
from tests.amocrm.foreign.least import least_calls
from tests.amocrm.foreign.server import serve
from tests.amocrm.foreign.truth import ENTITIES

NewDatabase = Callable[[], str]
SMALL = Size()
# Until all is settled for every reader: clocks, feeds, overlaps.
SETTLING = 1200


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


@contextmanager
def housed(crm: ForeignCrm, new_database: NewDatabase) -> Iterator[House]:
    with serve(crm) as url, opened(crm, url, new_database()) as house:
        yield house


def make(seed: int, size: Size, habits: Habits | None = None) -> ForeignCrm:
    return ForeignCrm(found(seed, habits=habits, size=size), seed=seed)


def calm_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Load first, then after changes, then after none; count what it takes."""
    outcome, random, quiet = Outcome(), Random(seed), Seen()
    crm = make(seed, size)
    with housed(crm, new_database) as house:
        for step in ("first", "poll", "nightly", "nothing", "idle"):
            full = step in ("first", "nightly", "idle")
            moved = crm.truth.steps
            if step in ("poll", "nightly"):
                crm.people.act(random.choice((3, 40)), pause=(0, 60))
                if random.random() < 0.3:
                    crm.people.do(random.choice(("mass_edit", "mass_move")))
            crm.people.pass_time(SETTLING)
            before = len(crm.truth.events)
            made = len(crm.calls)
            outcome.note(step, house.try_load(full=full))
            calls = crm.calls[made:]
            count(outcome, house, step, calls, least_calls(house, full=full))
            if full:
                outcome.note(step, settled(house, quiet))
            else:
                outcome.note(step, wrong_moved(house, moved))
            if step in ("nothing", "idle"):
                outcome.note(step, needless(house))
            assert len(crm.truth.events) == before
    outcome.happened.update(crm.people.counts)
    return outcome


def settled(house: House, quiet: Seen) -> list[str]:
    """Say what is wrong after a full load in a quiet hour."""
    found = wrong(house) + wrong_deletions(house)
    remember(house, quiet)
    return found + wrong_versions(house, quiet)


def wrong_moved(house: House, since: int) -> list[str]:
    """Say which rows a poll left wrong, although their time had moved."""
    truth, found = house.truth, []
    for entity in present(house, ENTITIES):
        moved = {
            one for one in truth.living[entity] if truth.touched[entity, one] > since
        }
        without = ("_embedded", "custom_fields_values")
        found += wrong_rows(house, entity, moved, without=without)
    return found


def needless(house: House) -> list[str]:
    """Say which tables a load changed, although nothing had changed."""
    return [
        f"{table.table}: {table.result} for nothing"
        for table in house.loaded.values()
        if table.result.rows_changed
    ]


def count(
    outcome: Outcome, house: House, step: str, calls: list[object], least: Counter[str]
) -> None:
    made = Counter(call.asked.path for call in calls)
    outcome.calls[step] += made.total()
    outcome.least[step] += least.total()
    more = {path: made[path] - least[path] for path in made | least}
    outcome.surplus.update({f"{step} {path}": n for path, n in more.items() if n})


def storm_round(
    seed: int,
    new_database: NewDatabase,
    size: Size = SMALL,
    *,
    habits: Habits | None = None,
) -> Outcome:
    """Load while people work: what nobody touched is right at once, the rest later."""
    outcome, random, quiet = Outcome(), Random(seed), Seen()
    crm = make(seed, size, habits or Habits(cap=random.choice((250, 50, 25, 25))))
    with housed(crm, new_database) as house:
        for step in ("first", "poll", "nightly"):
            # What the load has to find, besides what is done while it reads.
            crm.people.act(300 if step == "poll" else 0, pause=(0, 1))
            crm.acts = random.choice((1, 2, 5, 20))
            if random.random() < 0.5:
                at = len(crm.calls) + random.randint(3, 20)
                crm.masses[at] = random.choice(("mass_edit", "mass_move"))
            moved, label = crm.truth.steps, f"{step} at {crm.acts} a request"
            failed = house.try_load(full=step != "poll")
            crm.acts = 0
            outcome.note(label, not_guarded(failed))
            outcome.note(label, wrong_untouched(house, moved, is_poll=step == "poll"))
            crm.people.pass_time(SETTLING)
        for step in ("settled", "idle"):
            outcome.note(step, house.try_load(confirmed=SWEPT))
            outcome.note(step, settled(house, quiet))
            crm.people.pass_time(SETTLING)
        outcome.note("idle", needless(house))
    outcome.happened.update(crm.people.counts)
    return outcome


def not_guarded(failed: list[str]) -> list[str]:
    """Leave out that many deletions want to be confirmed: in a storm they are many."""
    guards = ("rows were deleted", "rows are gone", "tables were not loaded")
    return [line for line in failed if not any(guard in line for guard in guards)]


def wrong_untouched(house: House, since: int, *, is_poll: bool = False) -> list[str]:
    """Say which rows a load missed that nobody touched meanwhile.

    A poll cannot see what is shown of others, and of fields that are gone.
    """
    truth, found = house.truth, []
    without = ("_embedded", "custom_fields_values") if is_poll else ()
    for entity in present(house, ENTITIES):
        still = {
            one for one in truth.living[entity] if truth.touched[entity, one] <= since
        }
        lines = wrong_rows(house, entity, still, without=without)
        found += [f"untouched {line}" for line in lines]
    return found


def hostile_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, cycles: int = 4
) -> Outcome:
    """Load from an account of strange habits, while requests fail and people work."""
    outcome, random, quiet = Outcome(), Random(seed), Seen()
    habits = odd_habits(random)
    crm = make(seed, size, habits)
    with housed(crm, new_database) as house:
        for step in range(cycles):
            # Some of it is so young that the feed does not show it yet.
            crm.people.act(random.choice((0, 20)), pause=(0, 20))
            crm.people.pass_time(random.choice((0, 65, 130)))
            crm.acts = random.choice((0, 0, 1, 5))
            crm.troubles.share = random.choice((0, 0.05, 0.15)) if step else 0.15
            failed = house.try_load(full=step != 1)
            outcome.note(f"step {step}", not_guarded(failed))
            crm.people.pass_time(random.choice((60, 900, 86_400)))
        crm.acts, crm.troubles.share = 0, 0.0
        crm.people.act(20)
        crm.people.pass_time(SETTLING)
        for step in ("settled", "idle"):
            outcome.note(step, house.try_load(confirmed=SWEPT))
            outcome.note(step, settled(house, quiet))
            crm.people.pass_time(SETTLING)
        outcome.note("idle", needless(house))
    if outcome.wrong:
        outcome.wrong.append(f"with {habits}")
    outcome.happened = crm.troubles.happened
    return outcome
