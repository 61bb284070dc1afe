"""Totals of ad rows: the rows of a campaign, an ad set or an account and day.

Reach is summed too, although people who saw two ads are counted twice by it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from pipelines.sandbox.graph.pages import Document

OWNER_FIELDS = {
    "account": ("account_id", "account_name", "account_currency"),
    "campaign": ("campaign_id", "campaign_name", "objective"),
    "adset": ("adset_id", "adset_name", "optimization_goal"),
}
# The outer levels whose fields a row of a level carries as well.
LEVELS = {
    "account": ("account",),
    "campaign": ("account", "campaign"),
    "adset": ("account", "campaign", "adset"),
}
NUMBERS = ("spend", "impressions", "clicks", "inline_link_clicks", "reach")


def totals(rows: Iterable[Document], *, level: str) -> list[Document]:
    """Add up ad rows by day and object of a level."""
    groups: dict[tuple[Any, ...], list[Document]] = {}
    for row in rows:
        key = (row["date_start"], row.get(f"{level}_id"))
        groups.setdefault(key, []).append(row)
    return [_total(group, level) for group in groups.values()]


def _total(rows: Sequence[Document], level: str) -> Document:
    first = rows[0]
    names = [name for one in LEVELS[level] for name in OWNER_FIELDS[one]]
    total = {
        name: first[name]
        for name in (*names, "attribution_setting", "date_start", "date_stop")
        if name in first
    }
    for name in NUMBERS:
        if number := sum((Decimal(row.get(name, 0)) for row in rows), Decimal(0)):
            total[name] = str(number)
    for name in dict.fromkeys(name for row in rows for name in row):
        lists = [row[name] for row in rows if isinstance(row.get(name), list)]
        if lists and name not in total:
            total[name] = _actions(lists)
    return total


def _actions(lists: Iterable[Sequence[Document]]) -> list[Document]:
    """Add up the elements of one action type, each window for itself."""
    sums: dict[str, dict[str, Decimal]] = {}
    for action in (action for actions in lists for action in actions):
        added = sums.setdefault(action["action_type"], {})
        for key, value in action.items():
            if key != "action_type":
                added[key] = added.get(key, Decimal(0)) + Decimal(value)
    return [
        {"action_type": name, **{key: str(value) for key, value in added.items()}}
        for name, added in sums.items()
    ]
