"""Writers that do to a source what applications, imports and administrators do to it.

Everything follows one seed. Transactions stay open over loads, are prepared, rolled
back in parts, and commit late. Loads and their faults belong to `fuzz.py`.
"""

import contextlib
import itertools
from random import Random

import psycopg
from psycopg import errors, pq

from tests.faults.fuzzed_tables import Fuzzed
from tests.faults.steps import Connection, Steps

MOST_OPEN, MOST_PREPARED = 4, 3
# A writer that meets the lock of another one gives up: nobody else would free it.
SESSION = "set lock_timeout = '60ms'; set timezone = 'UTC'"
IN_THE_WAY = (
    errors.LockNotAvailable,
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.ObjectInUse,
)


class Writers:
    """Changes the tables of a source at random; `log` says what was done."""

    def __init__(self, url: str, random: Random, tables: tuple[Fuzzed, ...]) -> None:
        self.log: list[str] = []
        self._url = url
        self._random = random
        self._tables = tables
        self._steps = Steps(random, tables)
        self._open: list[Connection] = []
        self._idle: list[Connection] = []
        self._prepared: list[str] = []
        self._names = itertools.count(1)
        self._admin = self._connect(autocommit=True)
        for table in tables:
            self._admin.execute(table.definition)
            self._steps.fill(self._admin, table)

    def close(self) -> None:
        """Close all connections; what is open is rolled back."""
        for connection in (*self._open, *self._idle, self._admin):
            connection.close()

    def write(self, transactions: int) -> None:
        """Work in transactions; some of them stay open, some older ones end."""
        for _ in range(transactions):
            if self._open and self._random.random() < 0.35:
                connection = self._open.pop(0)
            else:
                connection = self._idle.pop() if self._idle else self._connect()
            for _ in range(self._random.randint(1, 4)):
                self._take(connection)
            self._end(connection)
        if self._prepared and self._random.random() < 0.4:
            self._resolve(self._prepared.pop(0))

    def finish(self) -> None:
        """End everything that is open, one way or the other."""
        while self._prepared:
            self._resolve(self._prepared.pop(0))
        while self._open:
            connection = self._open.pop(0)
            self._leave(connection, self._random.choice(["commit", "rollback"]))

    def maintain(self) -> None:
        """Do to a table what administrators do, unless somebody is in the way."""
        table = self._random.choice(self._tables)
        actions = [self._vacuum, self._rewrite, self._grow, self._refill]
        actions += [self._touch_all, self._burst, self._delete_many]
        action = self._random.choice(actions)
        try:
            done = action(table)
        except IN_THE_WAY as error:
            done = f"{action.__name__} {table.name}: {type(error).__name__}"
        self.log.append(done)

    def _connect(self, *, autocommit: bool = False) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute(SESSION)
        connection.autocommit = autocommit
        return connection

    def _take(self, connection: Connection) -> None:
        """Take a step: bare, in a savepoint, or in one that is rolled back."""
        table = self._random.choice(self._tables)
        step = self._steps.choose()
        style = self._random.choices(["bare", "released", "undone"], [5, 4, 2])[0]
        if connection.info.transaction_status == pq.TransactionStatus.IDLE:
            connection.execute("select")
        try:
            if style == "bare":
                done = step(connection, table)
            else:
                with connection.transaction() as savepoint:
                    done = step(connection, table)
                    if style == "undone":
                        raise psycopg.Rollback(savepoint)
        except IN_THE_WAY as error:
            done = f"{step.__name__} {table.name}: {type(error).__name__}"
            if style == "bare":
                connection.rollback()
        self.log.append(f"  {connection.info.backend_pid} {style} {done}")

    def _end(self, connection: Connection) -> None:
        ends = ["commit", "rollback", "leave", "prepare"]
        end = self._random.choices(ends, [55, 10, 22, 13])[0]
        is_idle = connection.info.transaction_status == pq.TransactionStatus.IDLE
        if end == "leave" and len(self._open) < MOST_OPEN:
            self.log.append(f"  {connection.info.backend_pid} stays open")
            self._open.append(connection)
        elif end == "prepare" and len(self._prepared) < MOST_PREPARED and not is_idle:
            self._prepare(connection)
        else:
            self._leave(connection, "rollback" if end == "rollback" else "commit")

    def _prepare(self, connection: Connection) -> None:
        name = f"fuzz_{next(self._names)}"
        connection.execute(f"prepare transaction '{name}'")
        self.log.append(f"  {connection.info.backend_pid} prepares {name}")
        self._prepared.append(name)
        self._idle.append(connection)

    def _leave(self, connection: Connection, how: str) -> None:
        connection.commit() if how == "commit" else connection.rollback()
        self.log.append(f"  {connection.info.backend_pid} {how}")
        self._idle.append(connection)

    def _resolve(self, name: str) -> None:
        how = self._random.choices(["commit", "rollback"], [4, 1])[0]
        self._admin.execute(f"{how} prepared '{name}'")
        self.log.append(f"  {how} prepared {name}")

    # What administrators and batch jobs do.

    def _vacuum(self, table: Fuzzed) -> str:
        how = self._random.choice(["vacuum freeze", "vacuum", "analyze"])
        return self._run(f"{how} {table.name}")

    def _rewrite(self, table: Fuzzed) -> str:
        """Give the table new files; its rows and their writers stay."""
        return self._run(f"vacuum full {table.name}")

    def _grow(self, table: Fuzzed) -> str:
        """Add a column that nobody has declared."""
        default = self._random.choice(["", "default 7", "default random()"])
        name = f"undeclared_{next(self._names)}"
        return self._run(f"alter table {table.name} add column {name} float8 {default}")

    def _refill(self, table: Fuzzed) -> str:
        """Empty the table and bring most of its rows back: truncate is not MVCC."""
        with self._admin.transaction():
            self._run(f"create temporary table kept as table {table.name}")
            self._run(f"truncate {table.name}")
            self._run(f"insert into {table.name} select * from kept offset 3")
            return self._run("drop table kept")

    def _touch_all(self, table: Fuzzed) -> str:
        return self._run(f"update {table.name} set amount = -amount")

    def _burst(self, table: Fuzzed) -> str:
        """Take more subtransactions than a snapshot lists."""
        with self._admin.transaction():
            for number in range(70):
                with contextlib.suppress(*IN_THE_WAY), self._admin.transaction():
                    self._steps.change(self._admin, table)
                    if number % 9 == 0:
                        raise psycopg.Rollback
        return f"burst of subtransactions in {table.name}"

    def _delete_many(self, table: Fuzzed) -> str:
        """Delete more than the guard lets pass."""
        return self._steps.delete_some(self._admin, table, 120)

    def _run(self, statement: str) -> str:
        self._admin.execute(statement)
        return statement
