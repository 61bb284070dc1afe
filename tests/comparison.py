"""Compare a published mart with the story's answers, by row and by column."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

Row = Mapping[str, Any]
# A mutilated mart differs in thousands of places; the first ones tell the story.
SHOWN = 20


def published(warehouse_url: str, mart: str, *, schema: str = "marts") -> list[Row]:
    """Read a whole mart."""
    with psycopg.connect(warehouse_url, row_factory=dict_row) as warehouse:
        set_json_loads(partial(json.loads, parse_float=Decimal), warehouse)
        statement = sql.SQL("select * from {}").format(sql.Identifier(schema, mart))
        return list(warehouse.execute(statement).fetchall())


def differences(
    actual: Iterable[Row],
    expected: Iterable[Row],
    *,
    key: Sequence[str],
    ignore: Sequence[str] = (),
) -> list[str]:
    """Name each missing, surplus or differing row; columns are those of the answers."""
    found = _by_key(actual, key)
    wanted = _by_key(expected, key)
    lines = [f"missing {name}" for name in wanted if name not in found]
    lines += [f"surplus {name}" for name in found if name not in wanted]
    for name in sorted(wanted.keys() & found.keys(), key=str):
        lines += [
            f"{name} {column}: {found[name].get(column)!r}, the story says {value!r}"
            for column, value in wanted[name].items()
            if column not in ignore
            and column not in key
            and _plain(found[name].get(column)) != _plain(value)
        ]
    return lines


def assert_equal(actual: Iterable[Row], expected: Iterable[Row], **how: Any) -> None:
    lines = differences(actual, expected, **how)

    assert not lines, f"{len(lines)} differences:\n" + "\n".join(lines[:SHOWN])


def _by_key(rows: Iterable[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    table: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        name = tuple(_plain(row[column]) for column in key)
        assert name not in table, f"two rows for {name}"
        table[name] = row
    return table


def _plain(value: Any) -> Any:
    """Make 5000 and 5000.00 equal, and a datetime equal in every zone."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value).normalize()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
