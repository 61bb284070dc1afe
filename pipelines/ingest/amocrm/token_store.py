"""Where the pair of tokens of an integration lives: one row, locked while it changes.

Each pair that is given up stays, encrypted, for a diagnosis. It is put there before
AmoCRM is asked for its successor, so that the last one of a row that did not change is
the mark of an exchange that did not end. When a pair is renewed is `tokens.py`'s.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from pipelines.connections import primary_message
from pipelines.errors import AuthError, WarehouseError
from pipelines.extract.amocrm.oauth import TokenPair
from pipelines.ingest.amocrm.token_keys import Keys
from pipelines.warehouse import connect

# A pair is renewed before it ends, and in a quiet summer as well.
SHARE_OF_LIFE = 0.8
KEEP_ALIVE = timedelta(days=7)
# Whatever a server says of its life, a pair is used for so long.
SHORTEST_USE = timedelta(minutes=1)
# An exchange takes seconds; others wait for it, and the server frees a frozen one.
LOCKS = "90s"
IDLE = "5min"
# A refresh token is dead after three months.
KEPT = timedelta(days=180)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class StoredPair:
    """A pair and its place in the row of pairs that followed one another."""

    generation: int
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime

    @property
    def due_at(self) -> datetime:
        """Return when to renew it: at 80 % of its life, and each week."""
        use = min((self.expires_at - self.obtained_at) * SHARE_OF_LIFE, KEEP_ALIVE)
        return self.obtained_at + max(use, SHORTEST_USE)

    @property
    def is_first(self) -> bool:
        """Tell whether only the refresh token of the settings is known yet."""
        return not self.access_token


class Held:
    """The row while it is locked: nobody else renews the pair."""

    def __init__(
        self, store: "TokenStore", connection: psycopg.Connection[Any]
    ) -> None:
        self._store = store
        self._connection = connection
        row = connection.execute(_READ + "for update", store.key).fetchone()
        self.pair = store.pair_of(row) if row else None

    def begun_at(self) -> datetime | None:
        """Return when an exchange of this pair was begun that never ended."""
        if self.pair is None:
            return None
        values = {**self._store.key, **_place(self.pair)}
        row = self._connection.execute(_BEGUN, values).fetchone()
        return row[0] if row else None

    def known_tokens(self) -> set[str]:
        """Return every refresh token that was ever stored."""
        rows = self._connection.execute(_GENERATIONS, self._store.key).fetchall()
        known = {self.pair.refresh_token} if self.pair else set()
        for row in rows:
            # Those of a key that is given up cannot be compared.
            with contextlib.suppress(AuthError):
                known.add(self._store.keys.decrypt(row[0]))
        return known

    def replace(self, pair: StoredPair) -> None:
        """Write the next pair, to be committed before it is used."""
        values = self._store.values_of(pair)
        self._connection.execute(_CREATE, values)
        self._connection.execute(_WRITE, values)
        forget = {**self._store.key, "before": pair.obtained_at - KEPT}
        self._connection.execute(_FORGET, forget)


class TokenStore:
    """The pair of one integration and account in the warehouse."""

    def __init__(
        self, warehouse_url: str, *, host: str, client_id: str, token_key: str
    ) -> None:
        self._url = warehouse_url
        self.key = {"host": host, "client_id": client_id}
        self.keys = Keys(token_key)

    def ping(self) -> None:
        """See that tokens could be stored."""
        with self._connected() as connection, connection.transaction():
            connection.execute(_LOCK, self.key)

    def read(self) -> StoredPair | None:
        """Return the pair as it is now."""
        with self._connected() as connection, connection.transaction():
            row = connection.execute(_READ, self.key).fetchone()
        return self.pair_of(row) if row else None

    @contextlib.contextmanager
    def locked(self) -> Iterator[Held]:
        """Hold the row; what was written is committed at the end of the block."""
        with self._connected() as connection, connection.transaction():
            connection.execute(_LIMITS, {"locks": LOCKS, "idle": IDLE})
            yield Held(self, connection)

    def begin(self, pair: StoredPair, at: datetime) -> None:
        """Note, for good and before it is asked for, that a pair is to be replaced."""
        with self._connected() as connection, connection.transaction():
            values = {**self.values_of(pair), "at": at}
            connection.execute(_BEGIN, values)

    def withdraw(self, pair: StoredPair, at: datetime) -> None:
        """Take the note back: the exchange ended, and the pair is the same."""
        with self._connected() as connection, connection.transaction():
            connection.execute(_WITHDRAW, {**self.key, **_place(pair), "at": at})

    def create(self, refresh_token: str) -> None:
        """Store the first refresh token, unless there is a pair."""
        pair = StoredPair(0, "", refresh_token, NEVER, NEVER)
        with self._connected() as connection, connection.transaction():
            connection.execute(_CREATE, self.values_of(pair))

    def advance(self, new: StoredPair) -> StoredPair:
        """Store a pair unless there is one as new; return what is stored then."""
        with self.locked() as held:
            if held.pair and held.pair.generation >= new.generation:
                return held.pair
            held.replace(new)
        return new

    def install(self, new: TokenPair, at: datetime) -> StoredPair:
        """Store the pair of a new authorisation over whatever there is."""
        with self._connected() as connection, connection.transaction():
            connection.execute(_LIMITS, {"locks": LOCKS, "idle": IDLE})
            values = {**self.key, "at": at}
            connection.execute(_LOCK, self.key)
            connection.execute(_GIVE_UP, values)
            row = connection.execute(_NEXT, self.key).fetchone()
            pair = following(new, at, generation=row[0] if row else 1)
            connection.execute(_CREATE, self.values_of(pair))
            connection.execute(_WRITE, self.values_of(pair))
        return pair

    def pair_of(self, row: tuple[Any, ...]) -> StoredPair:
        """Read a row of the table."""
        generation, access, second, obtained_at, expires_at = row
        return StoredPair(
            generation,
            self.keys.decrypt(access),
            self.keys.decrypt(second),
            obtained_at,
            expires_at,
        )

    def values_of(self, pair: StoredPair) -> dict[str, Any]:
        """Return the row of a pair."""
        return {
            **self.key,
            "generation": pair.generation,
            "access": self.keys.encrypt(pair.access_token),
            "second": self.keys.encrypt(pair.refresh_token),
            "obtained_at": pair.obtained_at,
            "expires_at": pair.expires_at,
        }

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with contextlib.closing(connect(self._url)) as connection:
                yield connection
        except psycopg.Error as error:
            raise WarehouseError(
                f"the tokens cannot be kept: {primary_message(error)}",
                system="warehouse",
                remedy="see that the warehouse is up and writable, then run again: "
                "the token that is stored is asked with once more",
            ) from None


def following(new: TokenPair, at: datetime, *, generation: int) -> StoredPair:
    """Return a new pair as the one of a generation."""
    return StoredPair(
        generation, new.access_token, new.refresh_token, at, at + new.life
    )


def _place(pair: StoredPair) -> dict[str, int]:
    return {"generation": pair.generation}


_LIMITS = """
select set_config('lock_timeout', %(locks)s, true),
    set_config('idle_in_transaction_session_timeout', %(idle)s, true)
"""
_READ = """
select generation, access_token, refresh_token, obtained_at, expires_at
from raw.amocrm__tokens
where host = %(host)s and client_id = %(client_id)s
"""
_LOCK = """
select from raw.amocrm__tokens
where host = %(host)s and client_id = %(client_id)s
for update
"""
_CREATE = """
insert into raw.amocrm__tokens (
    host, client_id, generation, access_token, refresh_token, obtained_at, expires_at
) values (
    %(host)s, %(client_id)s, %(generation)s, %(access)s, %(second)s, %(obtained_at)s,
    %(expires_at)s
)
on conflict do nothing
"""
_WRITE = """
update raw.amocrm__tokens
set generation = %(generation)s, access_token = %(access)s,
    refresh_token = %(second)s, obtained_at = %(obtained_at)s,
    expires_at = %(expires_at)s
where host = %(host)s and client_id = %(client_id)s
"""
# The first time counts: that is when an answer may have been lost.
_BEGIN = """
insert into raw.amocrm__token_generations (
    host, client_id, generation, refresh_token, obtained_at, replaced_at
) values (
    %(host)s, %(client_id)s, %(generation)s, %(second)s, %(obtained_at)s, %(at)s
)
on conflict do nothing
"""
_WITHDRAW = """
delete from raw.amocrm__token_generations
where host = %(host)s and client_id = %(client_id)s
    and generation = %(generation)s and replaced_at = %(at)s
"""
_GIVE_UP = """
insert into raw.amocrm__token_generations (
    host, client_id, generation, refresh_token, obtained_at, replaced_at
)
select host, client_id, generation, refresh_token, obtained_at, %(at)s
from raw.amocrm__tokens
where host = %(host)s and client_id = %(client_id)s
on conflict do nothing
"""
_NEXT = """
select coalesce(max(generation), 0) + 1
from raw.amocrm__token_generations
where host = %(host)s and client_id = %(client_id)s
"""
_BEGUN = """
select replaced_at
from raw.amocrm__token_generations
where host = %(host)s and client_id = %(client_id)s and generation = %(generation)s
"""
_GENERATIONS = """
select refresh_token
from raw.amocrm__token_generations
where host = %(host)s and client_id = %(client_id)s
"""
_FORGET = """
delete from raw.amocrm__token_generations
where host = %(host)s and client_id = %(client_id)s and replaced_at < %(before)s
"""
