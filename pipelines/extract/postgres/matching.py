"""What a source has against what is declared: which columns are read, what is refused.

Source schemas are made by hand and differ between environments: optional columns may be
missing, required ones may not, and what is undeclared stays where it is. Looking the
tables up belongs to `schema.py`, keeping what a source had to `load/positions.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

from pipelines.catalog import Catalog, Column, Table
from pipelines.errors import SchemaChanged
from pipelines.extract.postgres.access import refuse_unreadable
from pipelines.extract.postgres.schema import SourceColumn, SourceTable

# Below this a first load is merged like any other.
LARGE_TABLE_BYTES = 16 * 1024 * 1024
# Behind the type of a remembered column that the source has no more.
GONE = " (gone)"
RENAMED = " (now "


@dataclass(frozen=True)
class Match:
    """A declared table found in its source: what is read and what is not."""

    table: Table
    source: SourceTable
    present: tuple[SourceColumn, ...]
    missing: tuple[str, ...]
    undeclared: tuple[str, ...]

    @property
    def types(self) -> dict[str, str]:
        """Return the raw type of each column that can be read."""
        return {column.name: column.raw_type for column in self.present}

    @property
    def is_unique(self) -> bool:
        """Tell whether the source itself forbids duplicates of the declared key.

        A primary key says nothing of the children that inherit from its table.
        """
        is_alone = self.source.kind == "p" or len(self.source.members) == 1
        return (
            is_alone
            and bool(self.source.key)
            and set(self.source.key) == set(self.table.key)
        )

    @property
    def is_large(self) -> bool:
        return self.source.size_bytes >= LARGE_TABLE_BYTES

    @property
    def names_its_writers(self) -> bool:
        """Tell whether each change of a row can be seen by its xmin."""
        is_written = all(column.form is not None for column in self.present)
        return self.source.has_xmin and self.is_unique and is_written

    @property
    def shape(self) -> str:
        """Return a digest that changes when values may change without a write."""
        forms = [self.source.members, *((c.name, c.form) for c in self.present)]
        return hashlib.sha256(repr(forms).encode()).hexdigest()[:32]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Name the columns that somebody should declare, or exclude by name."""
        if not self.undeclared:
            return ()
        return (f"undeclared columns (not loaded): {', '.join(self.undeclared)}",)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say in what this environment differs from others without any harm."""
        found = []
        if self.source.name != self.table.source_table:
            found.append(f"found under the name {self.source.name}")
        if self.missing:
            found.append(f"missing columns (loaded as NULL): {', '.join(self.missing)}")
        return tuple(found)

    @property
    def relation(self) -> sql.Identifier:
        return sql.Identifier(self.source.schema, self.source.name)

    def expressions(self, types: Mapping[str, str]) -> list[sql.Composable]:
        """Compose the columns in the order and the types wanted."""
        present = {column.name: column for column in self.present}
        return [_expression(present[name], wanted) for name, wanted in types.items()]


def _expression(column: SourceColumn, wanted: str) -> sql.Composable:
    expression: sql.Composable = sql.Identifier(column.name)
    if not column.is_native:
        expression = _cast(expression, column.raw_type)
    if wanted != column.raw_type:
        expression = _cast(expression, wanted)
    return expression


def _cast(expression: sql.Composable, data_type: str) -> sql.Composed:
    return sql.SQL("cast({} as {})").format(expression, sql.SQL(data_type))


def match(table: Table, found: Mapping[str, SourceTable]) -> Match | None:
    """Compare a declaration with its source; None when the source has no such table.

    Raises when a required column is missing, the table or a declared column may not be
    read, or row security would hide rows without saying so.
    """
    source = next((found[name] for name in table.source_names if name in found), None)
    if source is None:
        return None
    refuse_unreadable(table, source)
    columns = source.columns
    known = {*table.column_names, *table.excluded}
    undeclared = tuple(sorted(set(columns) - known))
    missing = [column for column in table.columns if column.name not in columns]
    needed = [
        column for column in missing if column.required or column.name in table.key
    ]
    if len(missing) == len(table.columns):
        needed = missing
    if needed:
        raise _missing_columns(table, needed, [columns[name] for name in undeclared])
    absent = {column.name for column in missing}
    return Match(
        table=table,
        source=source,
        present=tuple(
            columns[name] for name in table.column_names if name not in absent
        ),
        missing=tuple(column.name for column in missing),
        undeclared=undeclared,
    )


def _missing_columns(
    table: Table, needed: Iterable[Column], undeclared: Iterable[SourceColumn]
) -> SchemaChanged:
    types = {column.data_type for column in needed}
    likely = [column.name for column in undeclared if column.raw_type in types]
    hint = f"; renamed? undeclared of that type: {', '.join(likely)}" if likely else ""
    names = ", ".join(column.name for column in needed)
    return SchemaChanged(
        f"the source has no column {names}{hint}",
        system=table.system,
        table=table.table,
        remedy="bring it back, or change the declaration in the sources "
        "YAML; what was loaded before stays",
        guard="missing_column",
    )


def signature_names(catalog: Catalog) -> tuple[str, ...]:
    """Return the names by which the databases of all systems are told apart."""
    return tuple(
        name for table in catalog if table.signature for name in table.source_names
    )


def refuse_stranger(
    system: str, catalog: Catalog, found: Mapping[str, SourceTable]
) -> None:
    """Refuse a database that has none of the tables that tell its role.

    A system that names no signature is known by any of its tables. `found` holds the
    tables of the system, and those of all signatures.
    """
    declared = catalog.of(system)
    signature = [table for table in declared if table.signature] or declared
    if any(_is_there(table, found) for table in signature):
        return
    likely = sorted(
        {
            table.system
            for table in catalog
            if table.signature and _is_there(table, found)
        }
    )
    looks = f"; it looks like the {' or the '.join(likely)} database" if likely else ""
    if any(_is_there(table, found) for table in declared):
        lacks = f"none of {', '.join(table.table for table in signature)}"
    else:
        lacks = f"none of the {len(declared)} declared tables"
    raise SchemaChanged(
        f"the database has {lacks}{looks}",
        system=system,
        remedy=f"check that {system.upper()}_DATABASE_URL leads to the {system} "
        "database, its search path to the schema, and that the role may use it",
        guard="wrong_database",
    )


def _is_there(table: Table, found: Mapping[str, SourceTable]) -> bool:
    return any(name in found for name in table.source_names)


def column_drift(match: Match, remembered: Mapping[str, str] | None) -> tuple[str, ...]:
    """Say what became of the columns that a source had at the last load.

    What is new is said once; what was dropped or renamed as long as it is declared.
    """
    if remembered is None:
        return ()
    renamed = _renamed(match, remembered)
    new = [
        name
        for name in match.undeclared
        if name not in remembered and name not in renamed.values()
    ]
    dropped = [
        name for name in match.missing if name in remembered and name not in renamed
    ]
    warnings = [
        f"column {old} was probably renamed to {name} (raw keeps {old}, living rows "
        f"get NULL); declare {name} in its place"
        for old, name in renamed.items()
    ]
    if dropped:
        warnings.append(
            "columns that are gone from the source (raw keeps them, living rows get "
            f"NULL): {', '.join(dropped)}"
        )
    if new:
        warnings.append(f"new in the source since the last load: {', '.join(new)}")
    return tuple(warnings)


def remembered_columns(
    match: Match, remembered: Mapping[str, str] | None
) -> dict[str, str]:
    """Return the columns to remember: those there, and declared ones that once were."""
    before = remembered or {}
    columns = {
        column.name: column.raw_type
        for column in match.source.columns.values()
        if column.name not in match.missing
    }
    renamed = _renamed(match, before)
    for name in match.missing:
        if name in before:
            mark = f"{RENAMED}{renamed[name]})" if name in renamed else GONE
            columns[name] = _once(before[name]) + mark
    return columns


def _renamed(match: Match, remembered: Mapping[str, str]) -> dict[str, str]:
    """Pair what is gone with what is new, where type and number leave no doubt."""
    pairs = {}
    gone: dict[str, list[str]] = {}
    for name in match.missing:
        held = remembered.get(name, GONE)
        new_name = held.partition(RENAMED)[2].removesuffix(")")
        if new_name in match.undeclared:
            pairs[name] = new_name
        elif held == _once(held):
            gone.setdefault(held, []).append(name)
    new: dict[str, list[str]] = {}
    for name in match.undeclared:
        if name not in remembered:
            new.setdefault(match.source.columns[name].raw_type, []).append(name)
    for data_type, names in gone.items():
        if len(names) == len(new.get(data_type, ())) == 1:
            pairs[names[0]] = new[data_type][0]
    return pairs


def _once(held: str) -> str:
    """Return the type of a remembered column, whether it is there or gone."""
    return held.partition(RENAMED)[0].removesuffix(GONE)
