"""Rounds that kill loads: run again, it is as if nothing had been.

Loads that are left alive belong to `rounds.py`.
"""

from random import Random

from tests.amocrm.foreign.comparing import SWEPT
from tests.amocrm.foreign.dying import killed_at
from tests.amocrm.foreign.founding import Size
from tests.amocrm.foreign.histories import Seen
from tests.amocrm.foreign.rounds import (
    SETTLING,
    SMALL,
    NewDatabase,
    Outcome,
    housed,
    make,
    settled,
)


def killed_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, kills: int = 4
) -> Outcome:
    """Kill loads at random requests while people work; then load in peace."""
    outcome, random, quiet = Outcome(), Random(seed), Seen()
    crm = make(seed, size)
    with housed(crm, new_database) as house:
        for _ in range(kills):
            crm.acts = random.choice((0, 2))
            was_killed = killed_at(
                house,
                random.randint(1, 60),
                full=random.random() < 0.7,
                answered=random.random() < 0.5,
            )
            outcome.happened["killed" if was_killed else "ended"] += 1
            crm.acts = 0
            crm.people.act(random.choice((0, 10)))
            crm.people.pass_time(random.choice((60, SETTLING, 90_000)))
        for step in ("settled", "idle"):
            outcome.note(step, house.try_load(confirmed=SWEPT))
            outcome.note(step, settled(house, quiet))
            crm.people.pass_time(SETTLING)
    return outcome
