"""The dollar's price in tenge on each day: exact, else carried forward a week.

Never a later rate, never a constant. Converting amounts belongs to `spend.py`.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal

from pipelines.sandbox.answers.people import LONG_AGO
from pipelines.sandbox.answers.reading import day, moment, number, rows
from pipelines.sandbox.answers.rounding import rounded
from pipelines.sandbox.answers.rules import (
    PLACEHOLDER_RATES,
    RATE_MAX,
    RATE_MAX_AGE_DAYS,
    RATE_MIN,
)
from pipelines.sandbox.story.world import Row, World


class Rates:
    """Gives the rate of a day, or None when the last known one is too old."""

    def __init__(self, world: World) -> None:
        self.known = _known_rates(world)
        self._days = sorted(self.known)

    def on(self, wanted: date) -> Decimal | None:
        """Return the rate of the day or of the last earlier day, at most a week old."""
        age = self.age(wanted)
        return None if age is None else self.known[wanted - timedelta(days=age)]

    def age(self, wanted: date) -> int | None:
        """Return how many days the rate of a day was carried; None without a rate."""
        at = bisect_right(self._days, wanted)
        days = (wanted - self._days[at - 1]).days if at else RATE_MAX_AGE_DAYS + 1
        return days if days <= RATE_MAX_AGE_DAYS else None


def _known_rates(world: World) -> dict[date, Decimal]:
    """Keep per date the newest believable rate; in a tie Landing's."""
    found: dict[date, Decimal] = {}
    candidates = rows(world, "landing", "exchange_rates") + rows(
        world, "traffic", "exchange_rates"
    )
    for row in sorted(candidates, key=_fetched, reverse=True):
        on, rate = day(row.get("date")), number(row.get("usd_to_kzt"))
        if on and rate is not None and is_believable(rate):
            found.setdefault(on, rounded(rate, 6))
    return found


def is_believable(rate: Decimal) -> bool:
    """Tell whether a rate lies in range and is no known placeholder."""
    return RATE_MIN <= rate <= RATE_MAX and rate not in PLACEHOLDER_RATES


def _fetched(row: Row) -> datetime:
    return moment(row.get("fetched_at")) or LONG_AGO
