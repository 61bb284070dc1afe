"""Cursor paging and field selection, as every edge of the Graph API does them.

What the rows are belongs to the modules beside it; paging by time to `activities.py`.
"""

import base64
import binascii
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from pipelines.sandbox.graph import refusals

Document = dict[str, Any]
DEFAULT_LIMIT = 25


def json_list(params: Mapping[str, str], name: str) -> list[Any] | None:
    """Return a parameter that must be a JSON list, None when it is not given."""
    if name not in params:
        return None
    try:
        value = json.loads(params[name])
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise refusals.wrong_parameter(name, "must be an array.")
    return value


def page_limit(params: Mapping[str, str], largest: int) -> int:
    """Return how many rows the page may hold."""
    text = params.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or int(text) < 1:
        raise refusals.wrong_parameter("limit", "must be an integer greater than 0.")
    return min(int(text), largest)


@dataclass(frozen=True)
class Habits:
    """How an edge pages: as it should, or with one of `graph/faults.py`'s faults.

    `order` other than 0 shuffles the rows, the same for all pages of a reading.
    """

    largest: int
    fault: str | None = None
    order: int = 0
    extra_count: int = 0


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the next row, and in which order the list is read."""

    row: int = 0
    order: int = 0
    was_empty: bool = False

    def __str__(self) -> str:
        text = f"{self.row}:{self.order}:{int(self.was_empty)}"
        return base64.urlsafe_b64encode(text.encode()).decode()


def page(
    rows: Sequence[Document], params: Mapping[str, str], *, url: str, habits: Habits
) -> Document:
    """Cut one page out of all rows, with its cursors and, if more follow, `next`."""
    limit = page_limit(params, habits.largest)
    here = _read_cursor(params.get("after"), habits)
    ordered = _in_order(rows, here.order)
    chosen = ordered[here.row : here.row + limit]
    after = replace(here, row=here.row + limit, was_empty=False)
    if _is_left_empty(here, habits, has_rows=bool(rows)):
        # A cursor of an endless list leads on, one without rows stays where it is.
        row = after.row if habits.fault == "endless" else here.row
        chosen, after = [], replace(here, row=row, was_empty=True)
    elif habits.fault == "overlap" and limit > 1:
        after = replace(after, row=after.row - 1)
    has_more = not chosen or here.row + limit < len(rows)
    answer: Document = {"data": chosen}
    if chosen or after.was_empty:
        answer["paging"] = _paging(
            here, after, params, url=url if has_more else None, fault=habits.fault
        )
    if params.get("summary") == "true":
        answer["summary"] = {"total_count": len(rows) + habits.extra_count}
    return answer


def _paging(
    here: Cursor,
    after: Cursor,
    params: Mapping[str, str],
    *,
    url: str | None,
    fault: str | None,
) -> Document:
    cursor = str(after)
    if fault == "repeated_cursor" and "after" in params:
        cursor = params["after"]
    paging: Document = {"cursors": {"before": str(here), "after": cursor}}
    if url:
        paging["next"] = f"{url}?{urlencode({**params, 'after': cursor})}"
        if fault == "no_after":
            del paging["cursors"]
    return paging


def _is_left_empty(here: Cursor, habits: Habits, *, has_rows: bool) -> bool:
    if habits.fault == "endless":
        return True
    if here.was_empty or not has_rows:
        return False
    is_first = here.row == 0
    return (habits.fault == "empty_first" and is_first) or (
        habits.fault == "empty_middle" and not is_first
    )


def _in_order(rows: Sequence[Document], order: int) -> list[Document]:
    ordered = list(rows)
    if order:
        random.Random(order).shuffle(ordered)
    return ordered


def select_fields(document: Document, fields: Sequence[str]) -> Document:
    """Return the requested fields that have a value, and the id, which always comes."""
    wanted = {"id", *fields}
    return {name: value for name, value in document.items() if name in wanted}


def _read_cursor(text: str | None, habits: Habits) -> Cursor:
    if text is None:
        return Cursor(order=habits.order)
    try:
        row, order, was_empty = base64.urlsafe_b64decode(text).decode().split(":")
        return Cursor(int(row), int(order), was_empty == "1")
    except (binascii.Error, ValueError) as error:
        raise refusals.wrong_parameter("after", "is an invalid cursor.") from error
