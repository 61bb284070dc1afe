"""What a check of raw tables found: a shape that all systems share.

Which questions are asked belongs to each system's `checks.py`, how a verdict looks to
`defs/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Verdict:
    """What a check found: errors make it red, warnings yellow, neither green."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, int | float | str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.errors and not self.warnings

    @property
    def problems(self) -> tuple[str, ...]:
        """Return all that is wrong, the worst first and not without end."""
        found = [*self.errors, *self.warnings]
        more = len(found) - SHOWN_PROBLEMS
        rest = [f"and {more} more"] if more > 0 else []
        return (*found[:SHOWN_PROBLEMS], *rest)

    @property
    def text(self) -> str:
        """Return one line: the problem, or how many there are and the worst."""
        count = len(self.errors) + len(self.warnings)
        if count < 2:
            return "".join(self.problems)
        return f"{count} problems, all listed below; the first: {self.problems[0]}"
