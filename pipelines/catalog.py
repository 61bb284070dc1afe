"""The catalog: which tables and columns are loaded, read from the dbt sources YAML.

What is not declared there never leaves a source. How tables are read and written
belongs to `extract/` and `load/`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from pipelines.column_types import canonical_type
from pipelines.errors import ConfigurationError

STAGING = Path(__file__).parents[1] / "dbt_project" / "models" / "staging"
PATTERN = "*/_*__sources.yml"
# The same YAML ten times as fast, where the library was built with libyaml.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RAW = "raw"
HISTORY = "history"
META = frozenset({
    "dagster", "source_table", "aliases", "key", "required", "newest", "excluded",
    "mode", "may_empty", "signature", "ledger", "optional", "own",
})  # fmt: skip
# How a table is read: whole, or only what changed; unsaid, its size decides.
ReadMode = Literal["snapshot", "xmin"]
MODES: tuple[ReadMode, ...] = get_args(ReadMode)
# What every raw table has beside its declared columns.
STAMPS = ("_loaded_at", "_deleted_at", "_run_id")
COLUMN_META = frozenset({"required", "personal"})


@dataclass(frozen=True)
class Column:
    """A declared column; a required one fails its table when the source lacks it."""

    name: str
    data_type: str
    description: str = ""
    required: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Table:
    """A declared table: `name` is its raw name, `table` what follows the system.

    `excluded` names columns that the source is known to have and that stay there. A
    table that `may_empty` loses all its rows without asking. A `signature` tells the
    database of its system from all others. A `ledger` is written along with other
    tables and has no loads of its own. An `optional` one makes nothing late when its
    source does not open it to us. An `own` one is made by the pipeline's own statement
    (`warehouse_tables.py`) and declared here for its readers.
    """

    system: str
    name: str
    source_table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    schema: str = RAW
    description: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    newest: str | None = None
    excluded: tuple[str, ...] = ()
    mode: ReadMode | None = None
    may_empty: bool = False
    signature: bool = False
    ledger: bool = False
    optional: bool = False
    own: bool = False

    @property
    def table(self) -> str:
        return self.name.removeprefix(f"{self.system}__")

    @property
    def source_names(self) -> tuple[str, ...]:
        """Return the names under which the source may have it, best first."""
        return (self.source_table, *self.aliases)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Catalog:
    """All declared tables: those of raw by system, the durable ones of history, own."""

    tables: tuple[Table, ...]
    history: tuple[Table, ...] = ()
    own: tuple[Table, ...] = ()

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables)

    def of(self, system: str) -> tuple[Table, ...]:
        """Return the tables of one system."""
        return tuple(table for table in self.tables if table.system == system)

    def get(self, name: str) -> Table:
        """Return a table by its raw name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise ConfigurationError(f"no sources YAML declares the table {name}")


def load_catalog(folder: Path = STAGING) -> Catalog:
    """Read every `_<system>__sources.yml` under a folder of staging models."""
    raw: dict[str, Table] = {}
    history: dict[str, Table] = {}
    for path in sorted(folder.glob(PATTERN)):
        for schema, entry in _entries(path):
            # raw._loads and raw._clock are the pipeline's own.
            if schema not in (RAW, HISTORY) or str(entry.get("name")).startswith("_"):
                continue
            table = _Reader(path, schema, entry).table()
            tables = raw if schema == RAW else history
            if table.name in tables:
                raise ConfigurationError(f"{path}: {table.name} is declared twice")
            tables[table.name] = table
    return Catalog(
        tables=tuple(table for table in raw.values() if not table.own),
        history=tuple(history.values()),
        own=tuple(table for table in raw.values() if table.own),
    )


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not YAML: {error}") from error
    sources = document.get("sources", []) if isinstance(document, Mapping) else None
    if not isinstance(sources, list):
        raise ConfigurationError(f"{path}: `sources` must be a list")
    for source in sources:
        tables = source.get("tables") if isinstance(source, Mapping) else None
        if not isinstance(tables, list):
            raise ConfigurationError(f"{path}: each source needs a list `tables`")
        for entry in tables:
            if not isinstance(entry, dict):
                raise ConfigurationError(f"{path}: a table is no mapping: {entry!r}")
            yield str(source.get("schema") or source.get("name")), entry


class _Reader:
    """Turns one YAML entry into a Table, and says where it is malformed."""

    def __init__(self, path: Path, schema: str, entry: dict[str, Any]) -> None:
        self.path = path
        self.schema = schema
        self.entry = entry
        self.name = self._text(entry, "name")

    def table(self) -> Table:
        meta = self._meta(self.entry, META)
        system, separator, rest = self.name.partition("__")
        if self.schema == RAW and not (separator and rest):
            raise self._error("name must be <system>__<table>")
        columns = tuple(self._column(column) for column in self._columns())
        table = Table(
            system=system if separator else self.schema,
            name=self.name,
            source_table=meta.get("source_table") or rest or self.name,
            key=self._names(meta, "key"),
            columns=columns,
            schema=self.schema,
            description=str(self.entry.get("description") or "").strip(),
            aliases=self._names(meta, "aliases"),
            required=self._flag(meta, "required"),
            newest=meta.get("newest"),
            excluded=self._names(meta, "excluded"),
            mode=self._mode(meta),
            may_empty=self._flag(meta, "may_empty"),
            signature=self._flag(meta, "signature"),
            ledger=self._flag(meta, "ledger"),
            optional=self._flag(meta, "optional"),
            own=self._flag(meta, "own"),
        )
        self._check(table, meta)
        return table

    def _check(self, table: Table, meta: Mapping[str, Any]) -> None:
        names = table.column_names
        if "key" not in meta:
            raise self._error("config.meta.key is missing ([] for a keyless table)")
        if len(set(names)) < len(names):
            raise self._error("a column is declared twice")
        if stamps := set(STAMPS) & set(names):
            raise self._error(f"{sorted(stamps)} are the pipeline's own columns")
        if both := set(table.excluded) & set(names):
            raise self._error(f"both declared and excluded: {sorted(both)}")
        unknown = {*table.key, *filter(None, [table.newest])} - set(names)
        if unknown:
            raise self._error(
                f"key or newest names undeclared columns {sorted(unknown)}"
            )

    def _columns(self) -> list[Any]:
        columns = self.entry.get("columns")
        if not isinstance(columns, list) or not columns:
            raise self._error("needs a list `columns`")
        return columns

    def _column(self, entry: object) -> Column:
        if not isinstance(entry, Mapping):
            raise self._error(f"a column is no mapping: {entry!r}")
        name = self._text(entry, "name")
        meta = self._meta(entry, COLUMN_META)
        try:
            data_type = canonical_type(self._text(entry, "data_type"))
        except ValueError as error:
            raise self._error(f"column {name}: {error}") from error
        return Column(
            name=name,
            data_type=data_type,
            description=str(entry.get("description") or "").strip(),
            required=self._flag(meta, "required"),
            personal=self._flag(meta, "personal"),
        )

    def _meta(
        self, entry: Mapping[str, Any], allowed: frozenset[str]
    ) -> dict[str, Any]:
        config = entry.get("config") or {}
        meta = config.get("meta") or {} if isinstance(config, Mapping) else None
        if not isinstance(meta, dict):
            raise self._error("config.meta must be a mapping")
        unknown = set(meta) - allowed
        if unknown:
            raise self._error(f"unknown keys in config.meta: {sorted(unknown)}")
        return meta

    def _names(self, meta: Mapping[str, Any], name: str) -> tuple[str, ...]:
        value = meta.get(name) or []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self._error(f"config.meta.{name} must be a list of names")
        return tuple(value)

    def _mode(self, meta: Mapping[str, Any]) -> ReadMode | None:
        value = meta.get("mode")
        if value not in (None, *MODES):
            raise self._error(f"config.meta.mode must be one of {', '.join(MODES)}")
        return next((mode for mode in MODES if mode == value), None)

    def _flag(self, meta: Mapping[str, Any], name: str) -> bool:
        value = meta.get(name, False)
        if not isinstance(value, bool):
            raise self._error(f"config.meta.{name} must be true or false")
        return value

    def _text(self, entry: Mapping[str, Any], name: str) -> str:
        value = entry.get(name)
        if not isinstance(value, str) or not value:
            raise self._error(f"`{name}` is missing or no text")
        return value

    def _error(self, message: str) -> ConfigurationError:
        name = self.entry.get("name")
        return ConfigurationError(f"{self.path}: table {name}: {message}")
