"""Exact division and rounding: half away from zero, never a float.

Which figure is rounded to how many places is said where the figure is made.
"""

from decimal import Decimal
from fractions import Fraction

Exact = Decimal | Fraction | int


def rounded(value: Exact, places: int) -> Decimal:
    """Round half away from zero to so many decimal places."""
    scaled = Fraction(value) * 10**places
    whole = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-places)


def money(value: Exact | None) -> Decimal | None:
    """Round an amount to two places; unknown stays unknown."""
    return None if value is None else rounded(value, 2)


def divided(
    numerator: Exact | None, denominator: Exact | None, *, times: int = 1
) -> Fraction | None:
    """Divide exactly; an unknown part or a zero denominator gives None."""
    if numerator is None or not denominator:
        return None
    return Fraction(numerator) * times / Fraction(denominator)


def ratio(
    numerator: Exact | None, denominator: Exact | None, *, times: int = 1
) -> Decimal | None:
    """Divide and round to the six places of a ratio."""
    quotient = divided(numerator, denominator, times=times)
    return None if quotient is None else rounded(quotient, 6)
