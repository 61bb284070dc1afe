"""The objects of one ad account: listed, completed by id, replaced, remembered."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from psycopg import sql

from pipelines.errors import SourceError
from pipelines.extract.facebook.extractor import CREATIVES, EDGES, Edge, Listing
from pipelines.ingest.facebook.load import (
    FINAL_ERRORS,
    AccountLoad,
    Load,
    Unit,
    fail,
    log_unit,
)
from pipelines.ingest.facebook.missing import find_missing, read_known
from pipelines.ingest.facebook.versions import record_versions
from pipelines.load.documents import replace_documents, upsert_documents
from pipelines.load.merge import Connection

Document = dict[str, Any]


def load_objects(load: Load, done: AccountLoad) -> None:
    """Load all edges of an account; an hourly run only those with unknown objects.

    Each edge is a transaction of its own. A refusal that is final ends the account.
    """
    for edge in EDGES:
        if load.recent and not _unknown(load, done, edge):
            continue
        try:
            _load_edge(load, done, edge)
        except SourceError as error:
            fail(load, done, [edge.table], error)
            if isinstance(error, FINAL_ERRORS):
                rest = [one.table for one in EDGES if not done.ended(one.table)]
                fail(load, done, rest, error)
                return


def _unknown(load: Load, done: AccountLoad, edge: Edge) -> set[str]:
    """Return the mentioned objects that raw has never seen."""
    mentioned = done.seen.get(edge.table, set())
    query = sql.SQL("select {} from {} where {} = any(%s)").format(
        sql.Identifier(edge.id_column),
        sql.Identifier("raw", f"facebook__{edge.table}"),
        sql.Identifier(edge.id_column),
    )
    with load.writing() as warehouse:
        known = warehouse.execute(query, [list(mentioned)]).fetchall()
    return mentioned - {object_id for (object_id,) in known}


def _load_edge(load: Load, done: AccountLoad, edge: Edge) -> None:
    begun = time.monotonic()
    listing = load.extractor.objects(done.account_id, edge)
    with load.writing() as warehouse:
        known = read_known(warehouse, done.account_id, edge)
    rows = dict(listing.rows)
    missing = find_missing(
        load.extractor,
        done.account_id,
        edge,
        listed=listing.rows,
        known=known,
        wanted=done.seen.get(edge.table, ()),
    )
    rows |= {row[edge.id_column]: row for row in missing}
    if edge.path == "ads":
        _mention_creatives(done, rows.values())
    if not listing.is_complete:
        done.warnings.append(_short(done.account_id, edge, listing))
    write_rows(
        load,
        done,
        edge.table,
        list(rows.values()),
        begun=begun,
        is_complete=listing.is_complete,
    )


def write_rows(
    load: Load,
    done: AccountLoad,
    table: str,
    rows: list[Document],
    *,
    begun: float,
    is_complete: bool = True,
) -> None:
    """Replace an account's rows of a table, and log it, in one transaction.

    An incomplete list marks nothing as deleted.
    """
    newest = max(filter(None, map(_changed_at, rows)), default=None)
    name = f"facebook__{table}"
    with load.writing() as warehouse:
        if is_complete:
            scope = {"account_id": done.account_id}
            result = replace_documents(
                warehouse, name, rows, run=load.run, scope_columns=scope
            )
        else:
            result = upsert_documents(warehouse, name, rows, run=load.run)
        changes = record_versions(warehouse, table, rows, run=load.run)
        seconds = round(time.monotonic() - begun, 3)
        unit = Unit(table, "full", result, seconds, newest_row_at=newest)
        log_unit(warehouse, load, done.account_id, unit)
    done.units.append(unit)
    if table == "accounts":
        done.warnings += [f"{done.account_id}: {change}" for change in changes]


def known_ids(
    connection: Connection, account_id: str, level: str, parent: str | None
) -> list[str]:
    """Return the objects of an account, or of one of its objects, that raw knows."""
    table, column, above = _LEVELS[level]
    query = sql.SQL(
        "select {column} from {table} where account_id = %(account)s "
        "and (%(parent)s::text is null or {above} = %(parent)s) order by 1"
    ).format(
        column=sql.Identifier(column),
        table=sql.Identifier("raw", f"facebook__{table}"),
        above=sql.Identifier(above),
    )
    rows = connection.execute(query, {"account": account_id, "parent": parent})
    return [object_id for (object_id,) in rows]


_LEVELS = {
    "campaign": ("campaigns", "campaign_id", "account_id"),
    "adset": ("ad_sets", "ad_set_id", "campaign_id"),
    "ad": ("ads", "ad_id", "ad_set_id"),
}


def _mention_creatives(done: AccountLoad, ads: Iterable[Document]) -> None:
    """Note the creatives of ads: those of deleted ads are in no list."""
    for ad in ads:
        creative = ad["payload"].get("creative")
        if isinstance(creative, Mapping) and creative.get("id"):
            done.seen.setdefault(CREATIVES.table, set()).add(str(creative["id"]))


def _short(account_id: str, edge: Edge, listing: Listing) -> str:
    return (
        f"{account_id}: Facebook counts {listing.total_count} {edge.table} but lists "
        f"{len(listing.rows)}; none was marked as deleted, the next run asks again"
    )


def _changed_at(row: Document) -> datetime | None:
    text = row["payload"].get("updated_time") or row["payload"].get("created_time")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
