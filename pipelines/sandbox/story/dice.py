"""Repeatable chance: one stream per topic, so that topics do not disturb each other.

Nothing here knows what is being drawn.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

Item = TypeVar("Item")


class Dice(random.Random):
    """A random stream that is fully named by its seed and topic."""

    def __init__(self, seed: int, topic: str) -> None:
        super().__init__(f"{seed}/{topic}")

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.getrandbits(128), version=4))

    def chance(self, share: float) -> bool:
        return self.random() < share

    def pick(self, weights: Mapping[Item, float]) -> Item:
        """Draw one key by its weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def quota(self, count: int, shares: Mapping[Item, float]) -> list[Item]:
        """Return `count` shuffled items whose numbers follow the shares exactly."""
        total = sum(shares.values())
        exact = {item: count * share / total for item, share in shares.items()}
        numbers = {item: int(number) for item, number in exact.items()}
        missing = count - sum(numbers.values())
        for item in sorted(exact, key=lambda one: numbers[one] - exact[one])[:missing]:
            numbers[item] += 1
        items = [item for item, number in numbers.items() for _ in range(number)]
        self.shuffle(items)
        return items

    def later(self, moment: datetime, least: float, most: float) -> datetime:
        """Return a moment between `least` and `most` hours later, in whole seconds."""
        hours = self.uniform(least, most)
        return moment + timedelta(seconds=int(hours * 3600))

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """Draw different items, in their original order."""
        chosen = sorted(self.sample(range(len(items)), min(count, len(items))))
        return [items[position] for position in chosen]
