"""What the role of the connection may not see of a table that is there.

What a source has and what is declared do not matter here: see `matching.py`.
"""

from pipelines.catalog import Table
from pipelines.errors import AuthError, LoadRefused
from pipelines.extract.postgres.faults import hidden_rows
from pipelines.extract.postgres.schema import SourceTable


def refuse_unreadable(table: Table, source: SourceTable) -> None:
    """Refuse a table that we may not read in full: all its rows and our columns."""
    if not any(column.is_readable for column in source.columns.values()):
        raise AuthError(
            "the role of the connection may not read it",
            system=table.system,
            table=table.table,
            remedy=f"grant select on {source.schema}.{source.name} to that role",
            guard="unreadable",
        )
    _refuse_unreadable_columns(table, source)
    if source.hides_rows:
        raise hidden_rows(table.system, table.table)
    if source.calls_secured:
        raise LoadRefused(
            "row security may hide rows from a function that the view calls",
            system=table.system,
            table=table.table,
            remedy="give the role and the owner of the view BYPASSRLS, or declare a "
            "view without functions of your own",
            guard="row_security",
        )


def _refuse_unreadable_columns(table: Table, source: SourceTable) -> None:
    """Refuse to take a column for gone because a right is."""
    unreadable = ", ".join(
        name
        for name in table.column_names
        if name in source.columns and not source.columns[name].is_readable
    )
    if unreadable:
        raise AuthError(
            f"the role of the connection may not read the column {unreadable}",
            system=table.system,
            table=table.table,
            remedy=f"grant select ({unreadable}) on {source.schema}.{source.name} to "
            "that role, or take it out of the declaration",
            guard="unreadable",
        )
