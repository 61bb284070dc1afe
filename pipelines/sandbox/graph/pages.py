"""Cursor paging and field selection, as every edge of the Graph API does them.

What the rows are belongs to `facebook.py` and `insights.py`.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
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


def page(
    rows: Sequence[Document], params: Mapping[str, str], *, url: str, largest: int
) -> Document:
    """Cut one page out of all rows, with its cursors and, if more follow, `next`."""
    limit = page_limit(params, largest)
    first = _offset(params.get("after"))
    chosen = list(rows[first : first + limit])
    answer: Document = {"data": chosen}
    if chosen:
        after = _cursor(first + limit)
        paging: Document = {"cursors": {"before": _cursor(first), "after": after}}
        if first + limit < len(rows):
            paging["next"] = f"{url}?{urlencode({**params, 'after': after})}"
        answer["paging"] = paging
    if params.get("summary") == "true":
        answer["summary"] = {"total_count": len(rows)}
    return answer


def select_fields(document: Document, fields: Sequence[str]) -> Document:
    """Return the requested fields that have a value, and the id, which always comes."""
    wanted = {"id", *fields}
    return {name: value for name, value in document.items() if name in wanted}


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"row:{offset}".encode()).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("row:"))
    except (binascii.Error, ValueError) as error:
        raise refusals.wrong_parameter("after", "is an invalid cursor.") from error
