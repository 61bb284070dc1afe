"""Figures of a day and the many ways in which Facebook may write them down.

A figure has one value and, per row, one text: the same row reads the same each time.
Which rows there are belongs to `truth.py`.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from random import Random

DECIMALS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Figures:
    """What one ad, or an account, did on a day."""

    spend: Decimal
    impressions: int = 0
    clicks: int = 0
    link_clicks: int = 0
    reach: int = 0
    leads: int = 0
    video_plays: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.spend + other.spend,
            self.impressions + other.impressions,
            self.clicks + other.clicks,
            self.link_clicks + other.link_clicks,
            # Not additive; the greater of the two is the least it can be.
            max(self.reach, other.reach),
            self.leads + other.leads,
            self.video_plays + other.video_plays,
        )


NOTHING = Figures(Decimal(0))


def random_figures(random: Random, currency: str) -> Figures:
    """Return a day: mostly plain, at times with spend only, or with finer spend."""
    if random.random() < 0.03:
        return Figures(_spend(random, currency))
    impressions = random.randint(1, 90_000)
    clicks = random.randint(0, max(1, impressions // 50))
    return Figures(
        _spend(random, currency),
        impressions,
        clicks,
        random.randint(0, clicks),
        random.randint(1, impressions),
        random.choice((0, 0, 0, 1, 2, 17)),
        random.choice((0, impressions // 3)),
    )


def _spend(random: Random, currency: str) -> Decimal:
    places = DECIMALS[currency]
    if random.random() < 0.1:
        places = random.randint(0, 6)
    return Decimal(random.randint(0, 300 * 10**places)).scaleb(-places)


def spend_text(value: Decimal, row: str) -> str:
    """Write an amount: as it is, or with zeros that mean nothing."""
    text = f"{value.normalize():f}"
    wide = _lot(row) % 4
    if wide == 0:
        return text
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents}{'0' * (2 - len(cents) if wide < 3 else wide)}".rstrip(".")


def split(figures: Figures, parts: int, random: Random) -> list[Figures]:
    """Cut a day into parts that add up to it exactly, reach aside."""
    shares = [NOTHING] * parts
    cents = figures.spend.scaleb(6)
    for part in sorted(random.sample(range(parts), k=min(parts, 3))):
        some = Decimal(random.randint(0, int(cents)))
        cents -= some
        shares[part] = Figures(some.scaleb(-6))
    last = random.randrange(parts)
    shares[last] = shares[last] + Figures(
        cents.scaleb(-6),
        figures.impressions,
        figures.clicks,
        figures.link_clicks,
        0,
        figures.leads,
        figures.video_plays,
    )
    return shares


def _lot(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
