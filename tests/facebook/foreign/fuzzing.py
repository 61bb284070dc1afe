"""A round in which one account's answers hold values that nobody promised.

Whatever they are, they may cost that account its load, never another's.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from pipelines.errors import SourceError
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import wrong_money, wrong_things
from tests.facebook.foreign.rounds import SMALL, NewDatabase, Outcome, housed, of_three
from tests.facebook.foreign.truth import Size

SHARES = (1.0, 0.3, 0.1, 0.05, 0.02, 0.02)


def odd_round(
    seed: int,
    new_database: NewDatabase,
    size: Size = SMALL,
    *,
    shares: Sequence[float] = SHARES,
) -> Outcome:
    """Load on with more and less oddness; only our own errors may come of it."""
    outcome, random = Outcome(), Random(seed)
    truth = of_three(seed, replace(size, ads=min(size.ads, 20)))
    graph = ForeignGraph(truth)
    sick = random.choice(list(truth.accounts.values()))
    with housed(graph, new_database) as house:
        for share in shares:
            graph.troubles.odd = {sick.digits: share}
            try:
                house.load()
            except SourceError:
                outcome.happened["refused"] += 1
            except Exception as error:
                outcome.note(f"{share}", [f"{type(error).__name__}: {error}"[:300]])
            others = [text for text in wrong_money(house) if sick.id not in text]
            outcome.note(f"{share}", others)
            graph.troubles.odd = {}
            house.load(recent=random.random() < 0.5)
        house.load()
        outcome.note("healed", wrong_money(house) + wrong_things(house))
    return outcome
