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
from tests.facebook.foreign.house import House
from tests.facebook.foreign.insights import Poison
from tests.facebook.foreign.truth import Account

Dump = dict[str, list[str]]
HOUR = 3600.0


@dataclass(frozen=True)
class Sickness:
    """One incurable state; `check` says what is wrong with the sick account."""

    name: str
    check: Callable[[House, Account, Dump], list[str]]
    # What has no effect on a load needs no mention.
    may_pass: bool = False

    def is_harmless(self, told: str, account_id: str) -> bool:
        return self.may_pass or account_id in told


def make_sick(graph: ForeignGraph, account: Account, random: Random) -> Sickness:
    """Make an account sick in one of many ways."""
    digits, troubles = account.digits, graph.troubles
    lot = random.choice(("denied", "revoked", "throttled", "poison", "field", "loud"))
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
    if lot == "throttled":
        troubles.throttled_until[digits] = graph.clock() + HOUR
        return Sickness("throttled", _keeps_rows)
    recent = sorted(days, key=lambda key: key[1])[-5:]
    ad_id, day = random.choice(recent)
    field = "*" if lot == "poison" else random.choice(("video_play_actions", "actions"))
    troubles.poison.append(Poison(ad_id, day, field))
    return Sickness(f"poison {field}", _has_gap(ad_id, field))


def _rows_of(dump: Dump, account: Account) -> Dump:
    return {
        table: [row for row in rows if account.id in row]
        for table, rows in dump.items()
        if table.endswith("_insights")
    }


def _keeps_rows(house: House, account: Account, before: Dump) -> list[str]:
    if _rows_of(house.dump(), account) != _rows_of(before, account):
        return ["the sick account's days have changed"]
    return []


def _whole_or_not(house: House, account: Account, before: Dump) -> list[str]:
    """Days are all old or all new, never some of both."""
    from tests.facebook.foreign.house import wrong_money  # noqa: PLC0415

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
