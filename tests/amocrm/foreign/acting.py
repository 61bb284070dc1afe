"""How anybody acts in the second AmoCRM: by which dice, and what each change notes.

The acts themselves belong to `people.py` and `removing.py`.
"""

from collections.abc import Callable
from random import Random

from tests.amocrm.foreign.truth import Document, Truth


class Acting:
    """Chooses acts and entities; every method `do_…` of a subclass is an act."""

    def __init__(self, truth: Truth, random: Random) -> None:
        self.truth = truth
        self.random = random
        self.acts: dict[str, Callable[[], None]] = {
            name.removeprefix("do_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("do_")
        }
        self.weights = {name: 3 for name in self.acts} | {
            "edit": 20, "move": 12, "edit_contact": 10, "add_lead": 6, "mass_edit": 0,
            "mass_move": 0, "hide": 0, "dictionary": 1, "purge": 1,
        }  # fmt: skip
        self.counts: dict[str, int] = {}

    def act(self, times: int = 1, *, pause: tuple[int, int] = (0, 2)) -> None:
        """Do so many acts, some seconds apart or none."""
        names = list(self.acts)
        weights = [self.weights[name] for name in names]
        for name in self.random.choices(names, weights, k=times):
            self.truth.now += self.random.randint(*pause)
            self.do(name)

    def do(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1
        self.acts[name]()

    def pass_time(self, seconds: int) -> None:
        self.truth.now += seconds

    @property
    def author(self) -> int:
        return self.random.choice([0, *self.truth.users])

    def some(self, entity: str) -> int | None:
        ids = list(self.truth.living[entity])
        return self.random.choice(ids) if ids else None

    def changed(self, entity: str, one: int, *, moves: bool = True) -> Document:
        """Note a change of an entity; its time moves, or does not."""
        document = self.truth.living[entity][one]
        if moves:
            document["updated_at"] = self.truth.now
            document["updated_by"] = self.author
        self.truth.touch(entity, one)
        return document
