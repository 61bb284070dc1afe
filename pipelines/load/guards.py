"""Guards that stop a load which would lose data or could not be trusted.

Each stops its table alone and says what an operator may confirm. What a source lacks
against its declaration belongs to `extract/postgres/matching.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from pipelines.errors import ConfigurationError, LoadRefused
from pipelines.load.merge import STAGE, Connection, RawTable, names

# More rows missing than this, and an operator has to say that they are really gone.
MISSING_ROWS = 50
MISSING_SHARE = 0.05


EVERY_TABLE = "*"


@dataclass(frozen=True)
class Confirmation:
    """What an operator has looked at and confirms for one run, by names of tables.

    `deletes`: the missing rows are really gone; `types`: a column may take the type
    that its source has now; `source`: the other database is the right one. A star
    stands for every table.
    """

    deletes: Collection[str] = ()
    types: Collection[str] = ()
    source: Collection[str] = ()

    def among(self, system: str, tables: Collection[str]) -> "Confirmation":
        """Name every table that is meant; refuse names that no table has.

        Raw names, as the UI shows them, are understood too.
        """
        chosen: dict[str, Collection[str]] = {}
        for switch, named in vars(self).items():
            names = {name.removeprefix(f"{system}__") for name in named}
            if unknown := sorted(names - {*tables, EVERY_TABLE}):
                raise ConfigurationError(
                    f"confirm_{switch} names {', '.join(unknown)}, but {system} has "
                    f"only {', '.join(sorted(tables))}"
                )
            chosen[switch] = tuple(tables) if EVERY_TABLE in names else names
        return Confirmation(**chosen)


def mass_delete(
    raw: RawTable, missing: int, living: int, *, may_empty: bool = False
) -> LoadRefused | None:
    """Return an objection when more rows vanished than a normal day explains.

    A table that loses all its rows is stopped at any size, unless it `may_empty`.
    """
    is_emptied = missing == living > 0 and not may_empty
    if not (is_emptied or _are_many(missing, living)):
        return None
    done = "none was deleted"
    if not raw.key:
        done = "nothing was changed (without a key, a changed row is a missing one)"
    return LoadRefused(
        f"{missing:,} of {living:,} rows are missing in the source; {done}",
        system=raw.system,
        table=raw.table,
        remedy="look at the source; if they are really gone, run again with "
        f"confirm_deletes: [{raw.table}]",
        guard="mass_delete",
    )


def other_source(
    raw: RawTable,
    suspicion: str,
    *,
    missing: int,
    living: int,
    newest_held: datetime | None,
    newest_offered: datetime | None,
) -> LoadRefused | None:
    """Return an objection to a database that is not the one of the last load.

    A project that was moved or restored with the same rows is taken.
    """
    doubts = []
    if _are_many(missing, living) or missing == living > 0:
        doubts.append(f"{missing:,} of {living:,} rows are not in it")
    if newest_held and newest_offered and newest_offered < newest_held:
        doubts.append(f"its newest row is older ({newest_offered} < {newest_held})")
    if not doubts:
        return None
    return LoadRefused(
        f"another database answers behind {raw.system.upper()}_DATABASE_URL "
        f"({suspicion}), and {' and '.join(doubts)}; nothing was changed",
        system=raw.system,
        table=raw.table,
        remedy="correct the URL; if this database is the right one, run again with "
        f"confirm_source: [{raw.table}]",
        guard="other_source",
    )


def _are_many(missing: int, living: int) -> bool:
    return missing > max(MISSING_ROWS, MISSING_SHARE * living)


def refuse_bad_keys(connection: Connection, raw: RawTable) -> None:
    """Refuse staged rows that share a key or have none, and name some of them."""
    statement = sql.SQL(
        "select {text}, count(*) from {stage} group by {key} "
        "having count(*) > 1 or not (row({key}) is not null) limit 3"
    )
    text = sql.SQL(", ").join(
        sql.SQL("coalesce(cast({} as text), 'NULL')").format(sql.Identifier(column))
        for column in raw.key
    )
    query = statement.format(text=text, stage=STAGE, key=names(raw.key))
    rows = connection.execute(query).fetchall()
    if rows:
        label = ", ".join(raw.key)
        found = "; ".join(
            f"({label}) = ({', '.join(key)}) x {count}" for *key, count in rows
        )
        raise bad_key(raw, f"rows repeat or lack their key: {found}")


def bad_key(raw: RawTable, message: str) -> LoadRefused:
    """Return the error of a source whose rows have no unique key."""
    return LoadRefused(
        message,
        system=raw.system,
        table=raw.table,
        remedy="repair the rows in the source, or declare another key (or [] for a "
        "keyless table) in the sources YAML",
        guard="bad_keys",
    )
