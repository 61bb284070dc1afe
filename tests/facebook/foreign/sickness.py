"""What makes one account incurable, and what must then be true of it.

Faults that pass belong to `faults.py`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tests.facebook.foreign.faults import LOUD
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import House, wrong_money
from tests.facebook.foreign.insights import Poison
from tests.facebook.foreign.objects import add_ad
from tests.facebook.foreign.truth import Account

Dump = dict[str, list[str]]
HOUR = 3600.0
KINDS = (
    "denied",
    "revoked",
    "throttled",
    "poison",
    "field",
    "loud",
    "no after",
    "repeat",
    "count",
)


@dataclass(frozen=True)
class Sickness:
    """One incurable state; `check` says what is wrong with the sick account."""

    name: str
    check: Callable[[House, Account, Dump], list[str]]
    # What must be said of it.
    says: str = ""

    @property
    def is_hopeless(self) -> bool:
        """Tell whether asking again is in vain."""
        return not self.name.startswith("poison")

    def is_told(self, told: str, account_id: str) -> bool:
        return account_id in told and self.says in told


def make_sick(graph: ForeignGraph, account: Account, random: Random) -> Sickness:
    """Make an account sick in one of many ways."""
    digits, troubles = account.digits, graph.troubles
    lot = random.choice(KINDS)
    fresh = graph.truth.today(account) - timedelta(days=20)
    days = [key for key in account.days if key[1] >= fresh]
    if lot == "denied":
        troubles.denied.add(digits)
        return Sickness("denied", _keeps_rows)
    if lot == "revoked":
        # Two calls are the least: itself and its days.
        troubles.revoked[digits] = random.randint(0, 2)
        return Sickness(f"revoked after {troubles.revoked[digits]}", _whole_or_not)
    if lot == "loud" or not days:
        name = random.choice(list(LOUD))
        troubles.plan.update({(digits, call): name for call in range(1, 60)})
        return Sickness(f"loud {name}", _keeps_rows)
    if lot in ("no after", "repeat", "count"):
        troubles.paging[digits] = lot
        return Sickness(lot, _has_money)
    if lot == "throttled":
        troubles.throttled_until[digits] = graph.clock() + HOUR
        return Sickness("throttled", _keeps_rows, says="lifts in about")
    ad_id, day = random.choice(sorted(days, key=lambda key: key[1])[-5:])
    if random.random() < 0.5:
        # An ad that no run has seen yet.
        account.days[add_ad(account.shelf, random), day] = account.days.pop(
            (ad_id, day)
        )
        ad_id = list(account.shelf.by_kind["ads"])[-1]
    field = "*" if lot == "poison" else random.choice(("video_play_actions", "actions"))
    troubles.poison.append(Poison(ad_id, day, field))
    return Sickness(f"poison {field}", _has_gap(ad_id, field))


def _rows_of(dump: Dump, account: Account) -> Dump:
    return {
        table: [row for row in rows if account.id in row]
        for table, rows in dump.items()
        if table.endswith("_insights")
    }


def _has_money(house: House, account: Account, before: Dump) -> list[str]:
    """Lists that lead nowhere cost names, not money; and no name is forgotten."""
    wrong = [text for text in wrong_money(house) if account.id in text]
    kept = set(account.shelf.by_kind["ads"]) & set(house.known()["ads"])
    rows = [row for row in before["facebook__ads"] if account.id in row]
    lost = [row for row in rows if not any(f'"{ad}"' in row for ad in kept)]
    return wrong + [f"an ad is forgotten: {row[:200]}" for row in lost[:1]]


def _keeps_rows(house: House, account: Account, before: Dump) -> list[str]:
    if _rows_of(house.dump(), account) != _rows_of(before, account):
        return ["the sick account's days have changed"]
    return []


def _whole_or_not(house: House, account: Account, before: Dump) -> list[str]:
    """Days are all old or all new, never some of both."""
    wrong = [text for text in wrong_money(house) if f"{account.id} a" in text]
    return _keeps_rows(house, account, before) if wrong else []


def _has_gap(ad_id: str, field: str) -> Callable[[House, Account, Dump], list[str]]:
    def check(house: House, account: Account, before: Dump) -> list[str]:
        gaps = house.rows(
            "select object_id, field from raw.facebook__gaps "
            "where account_id = %s and _deleted_at is null",
            account.id,
        )
        if gaps != [(ad_id, field)]:
            return [f"gaps are {json.dumps(gaps)}, not {ad_id} {field}"]
        return []

    return check
