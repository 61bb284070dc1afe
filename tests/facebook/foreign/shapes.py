"""What a Graph counts, answers with, and is plagued by: shapes for its parts.

Single faults belong to `faults.py`, the answering to `graph.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.facebook.foreign.faults import Plan
from tests.facebook.foreign.insights import Poison


@dataclass(frozen=True)
class Call:
    """One counted call: whose, what for, and how it ended."""

    account: str
    category: str
    path: str
    params: Mapping[str, str]
    ended: str


@dataclass
class Answer:
    """What goes back, before it is bytes."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    trick: str = ""


@dataclass
class Troubles:
    """What is wrong for good, or until a moment; accounts by their digits."""

    denied: set[str] = field(default_factory=set)
    # Access is taken away after so many calls.
    revoked: dict[str, int] = field(default_factory=dict)
    throttled_until: dict[str, float] = field(default_factory=dict)
    poison: list[Poison] = field(default_factory=list)
    # Lists longer than this are too large while the asked page is larger.
    rows_at_most: dict[str, int] = field(default_factory=dict)
    # Ad rows of these are never answered but by a job.
    sync_never: set[str] = field(default_factory=set)
    # How an account's lists say where the next page is: "no after", "repeat"; or that
    # they are longer than they are: "count".
    paging: dict[str, str] = field(default_factory=dict)
    # How often an object of an account has a value that makes no sense.
    odd: dict[str, float] = field(default_factory=dict)
    # Accounts that only the second of two tokens reaches.
    second_only: set[str] = field(default_factory=set)
    # Answers about these are cut in half, each time.
    halved: set[str] = field(default_factory=set)
    plan: Plan = field(default_factory=dict)
