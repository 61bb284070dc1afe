"""A query string as PHP reads it: brackets make nested arrays.

What the names mean belongs to the emulator that asks.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

Array = dict[str, Any]

NAME = re.compile(r"^([^\[]+)((?:\[[^\]]*\])*)")


def parse_query(query: str) -> Array:
    """Read `a[b][]=1` as `{"a": {"b": {"0": "1"}}}`; a later value wins."""
    result: Array = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        match = NAME.match(name)
        if match:
            keys = re.findall(r"\[([^\]]*)\]", match[2])
            _put(result, [match[1], *keys], value)
    return result


def _put(array: Array, keys: list[str], value: str) -> None:
    *path, last = keys
    for key in path:
        name = key or _next_index(array)
        if not isinstance(array.get(name), dict):
            array[name] = {}
        array = array[name]
    array[last or _next_index(array)] = value


def _next_index(array: Array) -> str:
    return str(max((int(key) for key in array if key.isdecimal()), default=-1) + 1)
