"""Exchange rates of two databases: nearly daily, with gaps, doubles and impostors.

Converting money by them is not the story's business.
"""

from datetime import date, timedelta
from decimal import Decimal

from pipelines.sandbox.story.calendar import at, naive
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft

PLACEHOLDER = Decimal("475.2500")
CORRECTED = Decimal("517.8100")
# The first days of the gaps by their distance from the start, and their lengths.
LONG_GAP, SHORT_GAP = (6, 10), (20, 3)


def tell_rates(draft: Draft) -> None:
    """Fetch a rate on most mornings; both databases keep what they fetched."""
    dice = draft.dice("rates")
    days = draft.calendar.days
    missing = {
        start + offset for start, length in (LONG_GAP, SHORT_GAP)
        for offset in range(length)
    }  # fmt: skip
    # Two rates from before the story, for what was sold on its first day.
    for day in (days[0] - timedelta(days=2), days[0] - timedelta(days=1)):
        _fetch(draft, dice, "landing", day, _rate(draft, dice))
    for number, day in enumerate(days):
        is_late = number == len(days) - 1 and draft.options.now < at(day, 7, 5)
        if number in missing or is_late or dice.chance(0.05):
            continue
        rate = _rate(draft, dice)
        _fetch(draft, dice, "landing", day, rate)
        if number >= len(days) - 40:
            # Traffic fetches later in the morning, and gets a little more.
            _fetch(draft, dice, "traffic", day, rate + Decimal("0.0700"), hour=8)
    _impostors(draft, dice)


def _rate(draft: Draft, dice: Dice) -> Decimal:
    drift = Decimal(dice.randint(-90, 90)).scaleb(-2)
    return (draft.options.base_rate + drift).quantize(Decimal("0.0001"))


def _fetch(
    draft: Draft, dice: Dice, system: str, day: date, rate: Decimal, *, hour: int = 7
) -> None:
    rows = draft.rows(system, "exchange_rates")
    rows[:] = [row for row in rows if row["date"] != day]
    fetched_at = at(day, hour, 0, dice.randint(1, 50))
    if fetched_at > draft.options.now:
        return
    row = {
        "date": day,
        "usd_to_kzt": rate,
        "source": "open-rates.example",
        "fetched_at": naive(fetched_at) if system == "landing" else fetched_at,
    }
    draft.add(
        system,
        "exchange_rates",
        ({"id": dice.uuid()} | row) if system == "landing" else row,
    )


def _impostors(draft: Draft, dice: Dice) -> None:
    """Store what no rate can be: a placeholder, its correction, a wild value."""
    calendar = draft.calendar
    _fetch(draft, dice, "landing", calendar.day(16), PLACEHOLDER)
    _fetch(draft, dice, "traffic", calendar.day(16), CORRECTED, hour=9)
    _fetch(draft, dice, "landing", calendar.day(13), PLACEHOLDER, hour=10)
    rows = draft.rows("traffic", "exchange_rates")
    rows[:] = [row for row in rows if row["date"] != calendar.day(13)]
    _fetch(draft, dice, "landing", calendar.day(9), Decimal("5020.0000"), hour=11)
    _fetch(draft, dice, "traffic", calendar.day(4), Decimal("39.5000"), hour=12)
