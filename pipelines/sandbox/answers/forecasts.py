"""What a series of weeks lets one expect of the next, and how well that has worked.

Knows nothing of teams or plans.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pipelines.sandbox.answers.rounding import ratio, rounded
from pipelines.sandbox.answers.rules import BACKTEST_WEEKS, FORECAST_WEEKS

Value = Decimal | int | None


def forecast(past: Sequence[Value]) -> Decimal | None:
    """Return the mean of the last eight weeks without the best and the worst one."""
    last = [value for value in past[-FORECAST_WEEKS:] if value is not None]
    if len(last) < FORECAST_WEEKS:
        return None
    middle = sorted(map(Fraction, last))[1:-1]
    return rounded(sum(middle, Fraction()) / len(middle), 2)


def backtest_wape(past: Sequence[Value]) -> Decimal | None:
    """Return the weighted error of one-step forecasts over the last twelve weeks."""
    pairs = [
        (Decimal(actual), expected)
        for at, actual in list(enumerate(past))[-BACKTEST_WEEKS:]
        if actual is not None and (expected := forecast(past[:at])) is not None
    ]
    missed = sum((abs(actual - expected) for actual, expected in pairs), Decimal(0))
    return ratio(missed, sum((actual for actual, _ in pairs), Decimal(0)))
