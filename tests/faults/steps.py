"""What one transaction does to the rows of a fuzzed table, chosen by a seed.

When transactions begin and end belongs to `writers.py`.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg

from tests.faults.fuzzed_tables import ODD, Fuzzed

FIRST_ROWS = 900
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
Connection = psycopg.Connection[Any]
Step = Callable[[Connection, Fuzzed], str]


class Steps:
    """Inserts, updates and deletes at random; each says what it did."""

    def __init__(self, random: Random, tables: tuple[Fuzzed, ...]) -> None:
        self._random = random
        self._numbers = dict.fromkeys((table.name for table in tables), 0)

    def choose(self) -> Step:
        """Return one of the steps."""
        steps = [self.add, self.change, self.delete, self.rename, self.replace]
        return self._random.choice([*steps, self.add, self.change, self.lock])

    def fill(self, connection: Connection, table: Fuzzed) -> str:
        """Insert the first rows."""
        return self._insert(connection, table, self._fresh(table, FIRST_ROWS))

    def add(self, connection: Connection, table: Fuzzed) -> str:
        """Insert rows with fresh keys, or with some that are or were there."""
        count = self._random.randint(1, 6)
        if self._random.random() < 0.6:
            return self._insert(connection, table, self._fresh(table, count))
        used = self._numbers[table.name]
        again = [self._random.randrange(used) for _ in range(count)]
        return self._insert(connection, table, again)

    def change(self, connection: Connection, table: Fuzzed) -> str:
        """Update rows; half of the writers forget the timestamp."""
        note, amount, extra, at = self._payload()
        stamp = self._random.choice(["", ", updated_at = %(at)s"])
        values = {"note": note, "amount": amount, "extra": extra, "at": at}
        assignments = f"note = %(note)s, amount = %(amount)s, extra = %(extra)s{stamp}"
        return self._update(connection, table, assignments, values, limit=6)

    def rename(self, connection: Connection, table: Fuzzed) -> str:
        """Give a row another key."""
        [number] = self._fresh(table, 1)
        values = dict(zip(table.key, table.make_key(number), strict=True))
        assignments = ", ".join(f"{name} = %({name})s" for name in table.key)
        done = self._update(connection, table, assignments, values, limit=1)
        return f"rename by {done}"

    def delete(self, connection: Connection, table: Fuzzed) -> str:
        """Delete a few rows."""
        return self.delete_some(connection, table, 5)

    def delete_some(self, connection: Connection, table: Fuzzed, limit: int) -> str:
        """Delete at most so many rows."""
        done = connection.execute(
            f"{self._pick(table, limit)} delete from {table.name} as t using picked "
            "where t.ctid = picked.ctid"
        )
        return f"delete {done.rowcount} of {table.name}"

    def replace(self, connection: Connection, table: Fuzzed) -> str:
        """Delete rows and insert them again with other values."""
        done = connection.execute(
            f"{self._pick(table, 3)} delete from {table.name} as t using picked "
            f"where t.ctid = picked.ctid returning {_names(table.key, 't')}"
        )
        keys = done.fetchall()
        self._write(connection, table, keys)
        return f"replace {len(keys)} of {table.name}"

    def lock(self, connection: Connection, table: Fuzzed) -> str:
        """Lock rows and leave them as they are."""
        how = self._random.choice(["share", "key share", "no key update", "update"])
        done = connection.execute(f"{self._pick(table, 4, how)} select from picked")
        return f"lock {done.rowcount} of {table.name} for {how}"

    def _fresh(self, table: Fuzzed, count: int) -> range:
        first = self._numbers[table.name]
        self._numbers[table.name] += count
        return range(first, first + count)

    def _insert(
        self, connection: Connection, table: Fuzzed, numbers: Iterable[int]
    ) -> str:
        conflict = ""
        if table.is_keyed:
            update = f"({', '.join(table.key)}) do update set note = excluded.note"
            conflict = "on conflict " + self._random.choice(["do nothing", update])
        keys = [table.make_key(number) for number in numbers]
        count = self._write(connection, table, keys, conflict)
        return f"insert {count} into {table.name} {conflict[:22]}"

    def _write(
        self,
        connection: Connection,
        table: Fuzzed,
        keys: Iterable[tuple[Any, ...]],
        conflict: str = "",
    ) -> int:
        values = ", ".join(["%s"] * len(table.columns))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"insert into {table.name} ({_names(table.columns)}) "
                f"values ({values}) {conflict}",
                [(*key, *self._payload()) for key in keys],
            )
            return cursor.rowcount

    def _update(
        self,
        connection: Connection,
        table: Fuzzed,
        assignments: str,
        values: dict[str, Any],
        *,
        limit: int,
    ) -> str:
        done = connection.execute(
            f"{self._pick(table, limit)} update {table.name} as t set {assignments} "
            "from picked where t.ctid = picked.ctid",
            values,
        )
        return f"update {done.rowcount} of {table.name}"

    def _pick(self, table: Fuzzed, limit: int, how: str = "update") -> str:
        """Choose rows by the seed; those that others have locked are passed over."""
        seed, count = self._random.getrandbits(32), self._random.randint(1, limit)
        return (
            f"with picked as materialized (select ctid from {table.name} as r "
            f"order by md5(r::text || '{seed}') limit {count} for {how} skip locked)"
        )

    def _payload(self) -> tuple[Any, ...]:
        random = self._random
        notes = [None, "", random.choice(ODD), f"note {random.getrandbits(40)}"]
        notes.append(random.choice(ODD) * random.randint(1, 200))
        notes.append(random.randbytes(random.randint(1, 600)).hex())
        note = random.choice(notes)
        if random.random() < 0.01:
            # Large enough to be stored out of line.
            note = random.randbytes(8_000).hex()
        amount = random.choice([None, random.randint(-(10**11), 10**11) / 100])
        extra = json.dumps({"n": random.getrandbits(50), "x": [None, note]})
        # Clocks of applications are off by years.
        at = NOON + timedelta(seconds=random.uniform(-4e7, 1e5))
        return note, amount, random.choice([None, extra]), random.choice([None, at])


def _names(columns: Iterable[str], prefix: str | None = None) -> str:
    return ", ".join(f"{prefix}.{name}" if prefix else name for name in columns)
