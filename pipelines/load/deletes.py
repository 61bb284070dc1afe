"""Marking the rows that vanished from a source, unless suspiciously many did.

What counts as suspicious belongs to `guards.py`.
"""

from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Merged:
    """What a merge did; `refused` says that its deletions were not carried out."""

    result: LoadResult
    refused: LoadRefused | None = None


def mark_missing(
    connection: Connection,
    raw: RawTable,
    stamp: Stamp,
    deletions: Deletions,
    *,
    living: int,
    is_emptied: bool,
    scope: sql.Composable = EVERYTHING,
    values: dict[str, Any] | None = None,
    stage: sql.Identifier = STAGE,
) -> tuple[int, LoadRefused | None]:
    """Mark missing rows as deleted, and take it back when they are too many.

    `living` is the number of rows before this load that were not deleted; a source
    that offers no row at all has `is_emptied` the table.
    """
    refused = None
    with connection.transaction() as attempt:
        deleted = delete_missing(connection, raw, stamp, scope, values, stage=stage)
        if deleted and not deletions.confirmed:
            may_empty = deletions.may_empty or not is_emptied
            refused = mass_delete(raw, deleted, living, may_empty=may_empty)
        if refused:
            raise psycopg.Rollback(attempt)
    return (0, refused) if refused else (deleted, None)
