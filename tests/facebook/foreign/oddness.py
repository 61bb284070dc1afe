"""Answers whose values are of no kind that anybody promised.

The JSON is sound; what it says is not. Other faults belong to `faults.py`.
"""

from random import Random
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    7,
    -1.5,
    120222431305500006,
    "",
    "x",
    "2026-13-45",
    "2026-13-45T99:00:00+0000",
    "NaN",
    "Infinity",
    "1e400",
    "\u0000",
    [],
    {},
    [None],
    [[1]],
    [{"action_type": None, "value": {}}],
    {"id": {"id": 1}},
    {"id": None},
)


def made_odd(row: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return an object with one value replaced, or taken away."""
    if not row:
        return row
    name = random.choice(sorted(row))
    odd = dict(row)
    if random.random() < 0.15:
        del odd[name]
    else:
        odd[name] = random.choice(ODD_VALUES)
    return odd
