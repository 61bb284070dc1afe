"""The tables that the fuzz writes to, by the kinds of keys that a source may have.

What happens to their rows belongs to `writers.py`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pipelines.catalog import Column, ReadMode, Table

# Equal to one reader, different to another: case, accents, forms, spaces, escapes.
ODD = (
    "a", "A", "å", "a\u030a", "Å", "ß", "ss", "ж", "Ж", "ё", "e", "İ", "i", "ı", " ",
    "  ", "\t", "\n", "\\", "\\N", "\\.", '"', "'", "%", "%s", "{", "}", ",", "(", ")",
    "\u200d", "\ufeff", "\U0001f600", "null", "0", "00", "\u202e", "\x01", "\x7f",
)  # fmt: skip
FIRST_DAY = date(2025, 12, 25)
PAYLOAD = {
    "note": "text",
    "amount": "numeric(12,2)",
    "extra": "jsonb",
    "updated_at": "timestamp with time zone",
}


def odd_text(number: int) -> str:
    """Return a short text for each number, all of them different."""
    parts = [""]
    while number:
        number, place = divmod(number, len(ODD))
        parts.append(f"{ODD[place]}|")
    return "".join(parts)


@dataclass(frozen=True)
class Fuzzed:
    """A fuzzed table: its key by column and type, and the key of each number."""

    name: str
    key: dict[str, str]
    make_key: Callable[[int], tuple[Any, ...]]
    key_definition: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *PAYLOAD)

    @property
    def is_keyed(self) -> bool:
        return "primary key" in self.key_definition

    @property
    def definition(self) -> str:
        """Return the statement that makes it."""
        payload = ", ".join(f"{name} {kind}" for name, kind in PAYLOAD.items())
        return f"create table {self.name} ({self.key_definition}, {payload})"

    def declare(self, mode: ReadMode) -> Table:
        """Declare it to the engine; a table without key has only one mode."""
        return Table(
            "landing",
            f"landing__{self.name}",
            self.name,
            tuple(self.key) if self.is_keyed else (),
            tuple(Column(*item) for item in {**self.key, **PAYLOAD}.items()),
            newest="updated_at",
            mode=mode if self.is_keyed else None,
        )


FUZZED = (
    Fuzzed(
        "numbers",
        {"id": "bigint"},
        lambda n: (n * 7_919 - 4_000_000_000,),
        "id bigint primary key",
    ),
    Fuzzed(
        "compounds",
        {"team": "text", "day": "date", "number": "integer"},
        lambda n: (f"t{n % 7}", FIRST_DAY + timedelta(n % 11), n),
        "team text, day date, number int, primary key (team, day, number)",
    ),
    Fuzzed(
        "people",
        {"id": "uuid"},
        lambda n: (uuid.uuid5(uuid.NAMESPACE_OID, str(n)),),
        "id uuid primary key",
    ),
    Fuzzed(
        "words",
        {"word": "text"},
        lambda n: (odd_text(n),),
        "word text collate pg_unicode_fast primary key",
    ),
    Fuzzed(
        "clicks",
        {"url": "text"},
        # Many rows are alike.
        lambda n: (f"/{odd_text(n % 50)}",),
        "url text",
    ),
)
