"""Raw types against source types: which changes a raw table follows, which it refuses.

An empty column takes any type; a filled one only a type that holds its values without
loss, unless an operator accepts another. Which columns exist at all is decided by the
catalog.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pipelines.column_types import base_type, wider_type
from pipelines.errors import SchemaChanged
from pipelines.load.merge import Connection, RawTable, describe_raw
from pipelines.load.views import drop_dependent_views

# What PostgreSQL says when a value, or a whole type, cannot become another.
MISFITS = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)


@dataclass(frozen=True)
class Followed:
    """A raw table with the types it has now, and what was done to them.

    After a type `is_replaced`, the living rows hold a stand-in of their values, or
    none: they have to be read again, all of them.
    """

    raw: RawTable
    notes: tuple[str, ...] = ()
    is_replaced: bool = False


def follow_types(
    connection: Connection,
    raw: RawTable,
    types: Mapping[str, str],
    *,
    accepted: bool = False,
) -> Followed:
    """Give a raw table the types that hold both its rows and what its source offers.

    `accepted` takes a type too that does not hold the rows: of those that are not read
    again only values are kept that fit. A view that dbt rebuilds anyway is dropped when
    a type changes.
    """
    wider: dict[str, str] = {}
    other: dict[str, str] = {}
    for name, offered in types.items():
        if raw.columns.get(name, offered) == offered:
            continue
        wanted = _target(connection, raw, name, offered)
        if wanted is None and not accepted:
            raise _incompatible(raw, name, offered)
        if wanted is None:
            other[name] = offered
        elif wanted != raw.columns[name]:
            wider[name] = wanted
    if not wider and not other:
        return Followed(raw)
    _free_of_views(connection, raw, [*wider, *other])
    if wider and not _convert(connection, raw, wider):
        # A wider type can still be too narrow at its ends: dates reach beyond times.
        other |= _narrow(connection, raw, wider, accepted=accepted)
    notes = [_note(raw, *change) for change in wider.items() if change[0] not in other]
    notes += [_replace(connection, raw, *change) for change in other.items()]
    return Followed(
        describe_raw(connection, raw.name), tuple(notes), is_replaced=bool(other)
    )


def _narrow(
    connection: Connection,
    raw: RawTable,
    changes: Mapping[str, str],
    *,
    accepted: bool,
) -> dict[str, str]:
    """Change each column whose values fit; return the others if that is accepted."""
    others = {
        name: data_type
        for name, data_type in changes.items()
        if not _convert(connection, raw, {name: data_type})
    }
    if others and not accepted:
        raise _unfit(raw, *next(iter(others.items())))
    return others


def _target(
    connection: Connection, raw: RawTable, name: str, offered: str
) -> str | None:
    if _is_empty(connection, raw, name):
        return offered
    return wider_type(raw.columns[name], offered)


def _incompatible(raw: RawTable, name: str, offered: str) -> SchemaChanged:
    return SchemaChanged(
        f"column {name} is {offered} in the source and {raw.columns[name]} in raw, and "
        "neither holds the other",
        system=raw.system,
        table=raw.table,
        remedy="look at the source; if the new type is right, run again with "
        f"confirm_types: [{raw.table}]",
        guard="incompatible_type",
    )


def _unfit(raw: RawTable, name: str, wanted: str) -> SchemaChanged:
    return SchemaChanged(
        f"column {name} has to go from {raw.columns[name]} to {wanted}, and not every "
        "value in raw fits (perhaps one of a row that is deleted in the source)",
        system=raw.system,
        table=raw.table,
        remedy="to give up the values that do not fit, run again with "
        f"confirm_types: [{raw.table}]",
        guard="incompatible_type",
    )


def _free_of_views(connection: Connection, raw: RawTable, changed: list[str]) -> None:
    if others := drop_dependent_views(connection, "raw", raw.name):
        raise SchemaChanged(
            f"the type of {', '.join(changed)} changed, but {', '.join(others)} stands "
            "on the raw table",
            system=raw.system,
            table=raw.table,
            remedy="drop those views and run again",
            guard="incompatible_type",
        )


def _replace(connection: Connection, raw: RawTable, name: str, offered: str) -> str:
    """Force another type on a column; values that cannot become of it are given up."""
    is_cut = _is_cut(connection, raw, name, offered)
    if not is_cut and _convert(connection, raw, {name: offered}):
        return f"{_note(raw, name, offered)}, as confirmed"
    if name in raw.key:
        raise SchemaChanged(
            f"column {name} of the key is {offered} in the source, and its values in "
            f"raw ({raw.columns[name]}) are none",
            system=raw.system,
            table=raw.table,
            remedy=f"if the rows have new keys, drop raw.{raw.name}; the next load "
            "fills it again",
            guard="incompatible_type",
        )
    kept = _keep_what_fits(connection, raw, name, offered)
    return (
        f"{_note(raw, name, offered)}, as confirmed; rows that the source has no more "
        f"{'lost the values that do not fit' if kept else 'lost its values'}"
    )


def _keep_what_fits(
    connection: Connection, raw: RawTable, name: str, offered: str
) -> bool:
    """Set what does not fit to NULL; tell whether anything could be tried at all."""
    try:
        with connection.transaction():
            connection.execute(_FITTING.format(**_parts(raw, name, offered)))
    except MISFITS:
        connection.execute(_NOTHING.format(**_parts(raw, name, offered)))
        return False
    return True


def _convert(connection: Connection, raw: RawTable, changes: Mapping[str, str]) -> bool:
    """Change types; tell whether all values became of them, else nothing changes."""
    try:
        with connection.transaction():
            _alter(connection, raw, changes)
    except psycopg.errors.InsufficientPrivilege:
        raise
    except MISFITS:
        return False
    return True


def _is_cut(connection: Connection, raw: RawTable, name: str, data_type: str) -> bool:
    """Tell whether a type's length or scale would cut a value, as casts do silently."""
    if data_type == base_type(data_type):
        return False
    try:
        with connection.transaction():
            query = _CUT.format(**_parts(raw, name, data_type))
            row = connection.execute(query).fetchone()
    except MISFITS:
        return True
    return bool(row and row[0])


def _parts(raw: RawTable, name: str, data_type: str) -> dict[str, sql.Composable]:
    """Name what the statements about a column and its next type have in common."""
    value = sql.SQL("cast({} as text)").format(sql.Identifier(name))
    cast = sql.SQL("cast({} as {})").format(value, sql.SQL(data_type))
    is_whole: sql.Composable = sql.SQL("true")
    if data_type != base_type(data_type):
        is_whole = sql.SQL(
            "cast({cast} as {free}) is not distinct from cast({value} as {free})"
        ).format(cast=cast, value=value, free=sql.SQL(base_type(data_type)))
    return {
        "raw": raw.identifier,
        "name": sql.Identifier(name),
        "type": sql.SQL(data_type),
        "text": sql.Literal(data_type),
        "value": value,
        "cast": cast,
        "is_whole": is_whole,
    }


def _is_empty(connection: Connection, raw: RawTable, name: str) -> bool:
    statement = sql.SQL("select not exists (select from {} where {} is not null)")
    query = statement.format(raw.identifier, sql.Identifier(name))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _note(raw: RawTable, name: str, data_type: str) -> str:
    return f"column {name} went from {raw.columns[name]} to {data_type}"


def _alter(connection: Connection, raw: RawTable, changes: Mapping[str, str]) -> None:
    alterations = sql.SQL(", ").join(_alteration(*change) for change in changes.items())
    statement = sql.SQL("alter table {} {}").format(raw.identifier, alterations)
    connection.execute(statement)


def _alteration(name: str, data_type: str) -> sql.Composed:
    return sql.SQL(
        "alter column {name} type {type} using cast(cast({name} as text) as {type})"
    ).format(name=sql.Identifier(name), type=sql.SQL(data_type))


_CUT = sql.SQL("select exists (select from {raw} where not ({is_whole}))")
# Asking whether a text is a value of a type needs PostgreSQL 16.
_FITTING = sql.SQL(
    "alter table {raw} alter column {name} type {type} using case "
    "when not pg_input_is_valid({value}, {text}) then null "
    "when {is_whole} then {cast} end"
)
_NOTHING = sql.SQL("alter table {raw} alter column {name} type {type} using null")
