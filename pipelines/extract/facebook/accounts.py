"""Which ad accounts are ours: every list that names one, in the settings and databases.

The lists are read from the databases themselves, and from what the warehouse last held
when a database does not answer. What an account contains belongs to `extractor.py`.
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from pipelines.connections import connection_string
from pipelines.errors import PipelineError
from pipelines.watched import WatchedConnection

Connection = psycopg.Connection[Any]

STATEMENT_TIMEOUT = "10s"
ACCOUNT_ID = re.compile(r"\s*(?:act_)?([0-9]{1,30})\s*", re.IGNORECASE)
NOTHING = frozenset({"", "null", "none", "-"})
EVERY_ROW = sql.SQL("")
LIVING = sql.SQL("where _deleted_at is null")


@dataclass(frozen=True)
class AccountList:
    """A table that names ad accounts.

    A row counts unless its `is_active` column says false or `platform` another network;
    a missing column says nothing.
    """

    table: str
    column: str
    is_active: str | None = None
    platform: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        names = (self.column, self.is_active, self.platform)
        return tuple(name for name in names if name)


LISTS = (
    AccountList(
        "traffic_ad_account_bindings",
        "ad_account_id",
        is_active="is_active",
        platform="ad_platform",
    ),
    AccountList("traffic_targetologist_settings", "fb_ad_accounts"),
    AccountList("traffic_teams", "fb_ad_account_id"),
    AccountList("traffic_user_utm_sources", "fb_ad_account_id", is_active="is_active"),
    AccountList("integration_ad_accounts", "account_id"),
)


@dataclass
class ListedAccounts:
    """The accounts to load, with the lists that name each; and what was strange."""

    listed_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    warnings: list[str] = field(default_factory=list)

    def add(self, values: Iterable[object], *, source: str) -> None:
        """Take the accounts of one list; a value that is no account is a warning."""
        for value in values:
            if account := normalise(value):
                self.listed_by[account].add(source)
            elif str(value or "").strip().lower() not in NOTHING:
                self.warnings.append(f"{source}: {value!r} is no ad account id")

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(sorted(self.listed_by))


def normalise(value: object) -> str | None:
    """Return an account id as `act_<digits>`, None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    match = ACCOUNT_ID.fullmatch(str(value))
    return f"act_{match[1]}" if match and match[1].strip("0") else None


def list_accounts(
    configured: Sequence[str],
    *,
    databases: Mapping[str, str | None],
    warehouse: Connection,
) -> ListedAccounts:
    """Unite all lists of both databases with the configured one.

    `databases` maps a system to its URL, None if that is not known. What one does not
    answer or no longer has is taken from `raw.<system>__<table>`, with a warning.
    """
    accounts = ListedAccounts()
    accounts.add(configured, source="configuration")
    for system, url in databases.items():
        values = _read_database(system, url, accounts.warnings)
        for source in LISTS:
            place = f"{system}.{source.table}"
            found = values.get(source.table)
            if found is None:
                found = _read_raw(warehouse, system, source)
                if found and source.table in values:
                    accounts.warnings.append(_unanswered(place, "it is not there"))
            accounts.add(found, source=place)
    return accounts


def _read_database(
    system: str, url: str | None, warnings: list[str]
) -> dict[str, list[object] | None]:
    """Read a database's lists: None for one that it has not.

    Those that it does not answer are left out, with a warning.
    """
    values: dict[str, list[object] | None] = {}
    if url is None:
        warnings.append(_unanswered(system, f"{system.upper()}_DATABASE_URL not set"))
        return values
    try:
        with WatchedConnection.open(connection_string(url)) as connection:
            connection.read_only = True
            # Row security that hides rows shall be an error, not a shorter list.
            connection.execute(
                "select set_config('row_security', 'off', true), "
                "set_config('statement_timeout', %s, true)",
                [STATEMENT_TIMEOUT],
            )
            for source in LISTS:
                place = f"{system}.{source.table}"
                with _warned(place, warnings), connection.transaction():
                    # Where the search path finds it, like every other table.
                    name = sql.Identifier(source.table)
                    values[source.table] = _read(connection, name, source)
    except (psycopg.Error, PipelineError) as error:
        warnings.append(_unanswered(system, str(error)))
    return values


@contextlib.contextmanager
def _warned(place: str, warnings: list[str]) -> Iterator[None]:
    """Turn one table's refusal into a warning; a lost connection is the caller's."""
    try:
        yield
    except psycopg.errors.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
            raise
        warnings.append(_unanswered(place, str(error)))


def _unanswered(place: str, reason: str) -> str:
    lines = reason.strip().splitlines() or ["no reason given"]
    return (
        f"{place} did not answer ({lines[0]}); the ad accounts that it names are taken "
        "from its last load"
    )


def _read_raw(warehouse: Connection, system: str, source: AccountList) -> list[object]:
    name = sql.Identifier("raw", f"{system}__{source.table}")
    with warehouse.transaction():
        return _read(warehouse, name, source, condition=LIVING) or []


def _read(
    connection: Connection,
    table: sql.Identifier,
    source: AccountList,
    *,
    condition: sql.SQL = EVERY_ROW,
) -> list[object] | None:
    """Read one list, with those of its columns that exist; None when it is absent."""
    found = connection.execute(_COLUMNS, [table.as_string(connection)])
    columns = [name for (name,) in found if name in source.columns]
    if source.column not in columns:
        return None
    query = sql.SQL("select {} from {} {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), table, condition
    )
    rows = connection.execute(query).fetchall()
    return [
        value
        for row in rows
        for value in _ids(source, dict(zip(columns, row, strict=True)))
    ]


_COLUMNS = """
select attname from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
"""


def _ids(source: AccountList, row: Mapping[str, object]) -> Iterator[object]:
    if source.is_active and not _is_on(row.get(source.is_active)):
        return
    platform = str(row.get(source.platform) or "facebook") if source.platform else ""
    if platform.strip().lower() not in ("", "facebook"):
        return
    yield from _enabled_ids(row[source.column])


def _enabled_ids(value: object) -> Iterator[object]:
    """Yield the ids in a column: one id, or a list of ids and objects, or its JSON."""
    if isinstance(value, str) and normalise(value) is None:
        try:
            yield from _enabled_ids(json.loads(value))
        except ValueError:
            yield from value.split(",")
    elif isinstance(value, list):
        for item in value:
            yield from _enabled_ids(item)
    elif isinstance(value, Mapping):
        if _is_on(value.get("enabled")):
            yield value.get("id") or value.get("account_id")
    else:
        yield value


def _is_on(value: object) -> bool:
    """Tell whether a switch is on; a missing one is."""
    return value is None or str(value).strip().lower() not in ("false", "0", "no", "f")
