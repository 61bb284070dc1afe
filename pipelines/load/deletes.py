"""Marking the rows that vanished from a source, unless suspiciously many did.

What counts as suspicious belongs to `guards.py`.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from pipelines.errors import LoadRefused
from pipelines.load.guards import mass_delete
from pipelines.load.log import LoadResult
from pipelines.load.merge import (
    EVERYTHING,
    STAGE,
    Connection,
    RawTable,
    Stamp,
    delete_missing,
)


@dataclass(frozen=True)
class Deletions:
    """What an operator, or the declaration of a table, says of its vanished rows."""

    confirmed: bool = False
    may_empty: bool = False

    def are_expected(self, *, is_emptied: bool) -> bool:
        """Tell whether rows may vanish in any number."""
        return self.confirmed or (self.may_empty and is_emptied)


class Unexpected(Exception):
    """The source has keys that raw lacks, though all that was written was read."""


@dataclass(frozen=True)
class Merged:
    """What a merge did; `refused` says that its deletions were not carried out.

    `newest_read` is the newest value of the freshness column among the rows read.
    """

    result: LoadResult
    refused: LoadRefused | None = None
    newest_read: datetime | None = None


def mark_missing(
    connection: Connection,
    raw: RawTable,
    stamp: Stamp,
    deletions: Deletions,
    *,
    living: int,
    is_emptied: bool,
    scope: sql.Composable = EVERYTHING,
    stage: sql.Identifier = STAGE,
    expected: int | None = None,
) -> tuple[int, LoadRefused | None]:
    """Mark missing rows as deleted, and take it back when they are too many.

    `living` is the number of rows before this load that were not deleted; a source
    that offers no row at all has `is_emptied` the table. Raises Unexpected, with
    nothing marked, when not as many are missing as both sides' counts make `expected`.
    """
    refused = None
    with connection.transaction() as attempt:
        deleted = delete_missing(connection, raw, stamp, scope, stage=stage)
        if expected not in (None, deleted):
            raise Unexpected
        if deleted and not deletions.are_expected(is_emptied=is_emptied):
            refused = mass_delete(raw, deleted, living, may_empty=not is_emptied)
        if refused:
            raise psycopg.Rollback(attempt)
    return (0, refused) if refused else (deleted, None)
