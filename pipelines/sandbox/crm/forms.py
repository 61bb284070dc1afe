"""A nested value as PHP's `http_build_query` writes it: brackets in the names.

Reading such a text belongs to `sandbox/php.py`; what it says to `bodies.py`.
"""

from collections.abc import Iterator
from urllib.parse import quote_plus

Pair = tuple[str, str]


def build_form(value: dict[str, object]) -> bytes:
    """Write a form body; what is None leaves no trace, as in PHP."""
    pairs = [pair for name, item in value.items() for pair in flatten(name, item)]
    return "&".join(
        f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs
    ).encode()


def flatten(name: str, value: object) -> Iterator[Pair]:
    """Yield the names and texts of one value; an empty list leaves no trace either."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from flatten(f"{name}[{number}]", item)
    elif value is not None:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)
