"""Reads single values out of source rows, whatever shape they drifted into.

Nothing here knows a table or a business rule.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.sandbox.answers.rules import ALMATY
from pipelines.sandbox.story.world import Row, World

TRUE_WORDS = {"true", "t", "yes", "y", "on", "1"}
FALSE_WORDS = {"false", "f", "no", "n", "off", "0"}


def rows(world: World, system: str, table: str) -> list[Row]:
    """Return the rows of a table; an absent table reads as an empty one."""
    return world.databases.get(system, {}).get(table) or []


def text(value: object) -> str | None:
    """Return trimmed text, or None when nothing is left."""
    if value is None:
        return None
    return str(value).strip() or None


def first_text(row: Mapping[str, Any], *columns: str) -> str | None:
    """Return the first of these columns that holds text."""
    return next((found for name in columns if (found := text(row.get(name)))), None)


def texts(row: Mapping[str, Any], *columns: str) -> tuple[str, ...]:
    """Return every text these columns hold."""
    return tuple(found for name in columns if (found := text(row.get(name))))


def number(value: object) -> Decimal | None:
    """Return an exact decimal, or None for what is no finite number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        result = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return result if result.is_finite() else None


def count(value: object) -> int:
    """Return a whole metric; an absent one is 0."""
    return int(number(value) or 0)


def whole(value: object) -> int | None:
    """Return an id: digits only after trimming, else None."""
    found = text(value)
    digits = found is not None and found.isascii() and found.isdigit()
    return int(found) if found is not None and digits else None


def flag(value: object) -> bool | None:
    """Return a boolean written in any of the usual ways."""
    word = "" if value is None else str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS else None


def decoded(value: object) -> object:
    """Return the JSON value, unwrapping text and double encoding; else None."""
    while isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    found = decoded(value)
    return found if isinstance(found, dict) else {}


def listing(value: object) -> list[Any]:
    """Return a JSON array or a PostgreSQL text array; else an empty list."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        parts = (part.strip(' "') for part in value[1:-1].split(","))
        return [part for part in parts if part]
    found = decoded(value)
    return list(found) if isinstance(found, list | tuple) else []


def moment(value: object) -> datetime | None:
    """Return an aware instant; time without a zone and epoch seconds are UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and value.strip():
        try:
            return moment(datetime.fromisoformat(value.strip()))
        except ValueError:
            return None
    return None


def day(value: object) -> date | None:
    """Return the calendar date a date column holds, without any zone."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = text(value)
    try:
        return date.fromisoformat(found[:10]) if found else None
    except ValueError:
        return None


def almaty_day(instant: datetime) -> date:
    """Return the business day of an instant: the calendar date in Almaty."""
    return instant.astimezone(ALMATY).date()
