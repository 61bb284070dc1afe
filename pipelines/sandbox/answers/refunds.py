"""Money given back: deals that AmoCRM saw leave the won status.

An exit soon after the entry is a slip of the hand: neither a sale nor a refund.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.sandbox.answers.crm import StageEvent
from pipelines.sandbox.answers.rules import WON, WON_CORRECTION


@dataclass(frozen=True)
class WonSpell:
    """A deal was won, and later was not any more."""

    entered_at: datetime
    left_at: datetime


def refunded_spell(events: Sequence[StageEvent]) -> WonSpell | None:
    """Return the last stay in the won status if it ended and was no slip.

    Ask only for deals that are not won now. Moving a won deal between pipelines is
    neither an entry nor an exit.
    """
    entered_at = left_at = None
    for event in events:
        if event.after == WON and event.before != WON:
            entered_at, left_at = event.happened_at, None
        elif event.before == WON and event.after != WON:
            left_at = left_at or event.happened_at
    if entered_at is None or left_at is None:
        return None
    is_refund = left_at - entered_at > WON_CORRECTION
    return WonSpell(entered_at, left_at) if is_refund else None
