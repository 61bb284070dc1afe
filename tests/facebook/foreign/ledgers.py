"""What raw remembers of changes, against what has changed in the truth.

The rows themselves are compared in `house.py`.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from tests.facebook.foreign.house import House
from tests.facebook.foreign.money import Figures
from tests.facebook.foreign.shapes import Call
from tests.facebook.foreign.truth import Account, Truth

Key = TypeVar("Key")
Change = tuple[Decimal | None, ...]
KINDS = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}


@dataclass(frozen=True)
class Before:
    """An account's figures as an earlier read found them."""

    now: datetime
    ads: Mapping[tuple[str, date], Figures]
    totals: Mapping[date, Figures]


def remember(truth: Truth) -> dict[str, Before]:
    return {
        digits: Before(truth.now, copy.copy(account.days), account.totals())
        for digits, account in truth.accounts.items()
    }


def wrong_restatements(house: House, before: Mapping[str, Before]) -> list[str]:
    """Say which changes of days that were over the ledger lacks or invents."""
    wrong = []
    for account in house.truth.accounts.values():
        was, first = before[account.digits], house.first_days[account.digits]
        true = {
            ("ad", *key): change
            for key, change in _changes(was.ads, account.days).items()
        } | {
            ("account", account.id, day): change
            for day, change in _changes(was.totals, account.totals()).items()
        }
        over = was.now.astimezone(account.zone).date()
        true = {key: c for key, c in true.items() if first <= key[2] < over}
        found = _found(house, account)
        odd = {k for k in true.keys() | found.keys() if true.get(k) != found.get(k)}
        for key in sorted(odd, key=str)[:2]:
            wrong.append(f"{account.id} {key}: {found.get(key)}, not {true.get(key)}")
    return wrong


def _changes(
    old: Mapping[Key, Figures], new: Mapping[Key, Figures]
) -> dict[Key, Change]:
    return {
        key: (*_numbers(old.get(key)), *_numbers(new.get(key)))
        for key in old.keys() | new.keys()
        if _numbers(old.get(key)) != _numbers(new.get(key))
    }


def _numbers(figures: Figures | None) -> Change:
    if figures is None:
        return (None, None, None)
    return figures.spend, Decimal(figures.impressions), Decimal(figures.leads)


def _found(house: House, account: Account) -> dict[tuple[str, str, date], Change]:
    names = ("spend", "impressions", "leads")
    figures = ", ".join(
        f"(payload -> '{side}' ->> '{name}')::numeric"
        for side in ("old", "new")
        for name in names
    )
    rows = house.rows(
        f"select level, object_id, stat_date, {figures} "
        "from raw.facebook__restatements where account_id = %s and read_at = %s",
        account.id,
        house.truth.now,
    )
    return {(row[0], row[1], row[2]): row[3:] for row in rows}


def wrong_versions(house: House) -> list[str]:
    """Say which objects the ledger does not know by their present name."""
    rows = house.rows(
        "select object_kind, object_id, value from raw.facebook__object_versions "
        "where attribute = 'name' and seen_until is null"
    )
    current = {(kind, object_id): value for kind, object_id, value in rows}
    wrong = [] if len(current) == len(rows) else ["two present names of one object"]
    for account in house.truth.accounts.values():
        for kind, edge in KINDS.items():
            for object_id, one in account.shelf.by_kind[edge].items():
                name, found = one.get("name"), current.get((kind, object_id))
                if account.shelf.status(edge, object_id) == "DELETED" or not name:
                    continue
                if "\x00" not in name and "\ud83d" not in name and found != name:
                    wrong.append(f"{kind} {object_id}: {found!r}, not {name!r}")
    return wrong[:3]


def wrong_certificates(house: House, calls: list[Call] | None) -> list[str]:
    """Say which certificate of the last load tells other sums than raw and we do.

    Without calls only rows and spend are compared.
    """
    wrong = []
    loads = house.rows(
        "select table_name, scope, window_start, window_end, details "
        "from raw._loads where as_of = %s and outcome = 'loaded' "
        "and table_name in ('ad_insights', 'account_insights', 'hourly_insights') "
        # Accounts of the business zone have no hours to certify.
        "and details is not null",
        house.truth.now,
    )
    for table, scope, first, last, details in loads:
        [(rows, spend)] = house.rows(
            "select count(*), coalesce(sum((payload ->> 'spend')::numeric), 0) "
            f"from raw.facebook__{table} where account_id = %s "
            "and stat_date between %s and %s and _deleted_at is null",
            scope,
            first,
            last,
        )
        if (rows, spend) != (details["rows"], Decimal(details["spend"])):
            wrong.append(f"{scope} {table}: {details['rows']} rows, not {rows}")
    if calls is None:
        return wrong
    told = sum(details["calls"] for *_, details in loads)
    made = sum(call.category.endswith(" insights") for call in calls)
    # A call on a connection that was closed meanwhile is never seen here.
    if not made <= told <= made + 3:
        wrong.append(f"certificates tell {told} calls, not {made}")
    return wrong


def wrong_order(calls: list[Call]) -> list[str]:
    """Say for which account objects were asked for before its money."""
    asked: dict[str, list[str]] = {}
    for call in calls:
        asked.setdefault(call.account, []).append(call.category)
    return [
        f"{account}: {categories}"
        for account, categories in asked.items()
        if "campaigns" in categories
        and "account insights" in categories[categories.index("campaigns") :]
    ]
