"""A load that breaks at any statement leaves what the next load makes right.

The suite tries some points of each kind of load; `make fuzz` tries all of them.
"""

from collections.abc import Sequence

import pytest

from tests.conftest import NewDatabase
from tests.faults.killing import SCENES, Point, open_scene


def some(points: Sequence[Point], count: int) -> Sequence[Point]:
    """Take so many, evenly; an odd step takes both sides of statements."""
    return points[:: max(1, len(points) // count) | 1]


@pytest.mark.parametrize("name", SCENES)
def test_killed_load_is_made_good_by_the_next(new_database: NewDatabase, name: str):
    with open_scene(name, new_database(), new_database()) as scene:
        for point in some(scene.points(), 10):
            scene.kill_at(point)


@pytest.mark.parametrize(("effect", "count"), [("reset", 8), ("freeze", 3)])
def test_load_over_a_broken_line_says_so_and_is_made_good(new_database, effect, count):
    with open_scene("xmin", new_database(), new_database()) as scene:
        for point in some(scene.points(), count):
            scene.break_at(point, effect)
