"""Hear all that a load says, and look for credentials in it.

Logs of every level, warnings, exceptions with their causes, progress, results.
"""

import hashlib
import hmac
import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.facebook.foreign.house import House
from tests.facebook.foreign.truth import CANARY, Truth


class Ear(logging.Handler):
    """Keeps every word."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()} {record.args} {record.exc_info}")

    def hear_error(self, error: BaseException) -> None:
        """Keep an exception as it would be printed, and what its frames would show."""
        self.heard.append("".join(traceback.format_exception(error)))
        seen: BaseException | None = error
        while seen is not None:
            self.heard += [repr(seen), str(seen.args), str(vars(seen))]
            seen = seen.__cause__ or seen.__context__


@contextmanager
def listening() -> Iterator[Ear]:
    """Hear every logger and every warning meanwhile."""
    ear, root = Ear(), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield ear
        ear.heard += [str(one.message) for one in caught]
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


def leaks(house: House, ear: Ear) -> list[str]:
    """Return the texts, heard or stored, that hold a credential of the truth."""
    needles = _needles(house.truth)
    return [
        text[max(0, at - 80) : at + 40]
        for text in _texts(house, ear)
        for needle in needles
        if (at := text.lower().find(needle)) >= 0
    ]


def _needles(truth: Truth) -> list[str]:
    tokens = [
        truth.token,
        truth.second_token,
        *(page["access_token"] for page in truth.pages.values()),
    ]
    proofs = [
        hmac.new(truth.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        for token in tokens
    ]
    return [CANARY.lower(), *proofs]


def _texts(house: House, ear: Ear) -> Iterator[str]:
    yield from ear.heard
    yield from house.said
    yield from map(repr, house.loaded)
    tables: list[tuple[Any, ...]] = house.rows(
        "select quote_ident(table_schema) || '.' || quote_ident(table_name) "
        "from information_schema.tables where table_schema in ('raw', 'public')"
    )
    for (table,) in tables:
        for (row,) in house.rows(f"select one::text from {table} one"):
            yield row
