"""A load that is killed at any statement leaves what the next load makes right.

The suite tries some points of each kind of load; `make fuzz` tries all of them.
"""

import pytest

from tests.conftest import NewDatabase
from tests.faults.killing import SCENES, open_scene

# Each point costs about a sixth of a second.
POINTS = 26


@pytest.mark.parametrize("name", SCENES)
def test_killed_load_is_made_good_by_the_next(new_database: NewDatabase, name: str):
    with open_scene(name, new_database(), new_database()) as scene:
        points = scene.points()
        # Evenly over the load; an odd step takes both sides of statements.
        step = max(1, len(points) // POINTS) | 1

        for point in points[::step]:
            scene.kill_at(point)

        assert len(points[::step]) >= min(len(points), POINTS // 2)
