"""What Facebook forgets: former names, creatives, zones and currencies of objects.

Graph gives the state of now. Each value that an object had when it was listed is kept
with the time it was first seen, until another one was.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.load.documents import upsert_documents
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

Document = dict[str, Any]
# Raw table → kind, column of the id, and where each attribute stands in the payload.
KEPT: Mapping[str, tuple[str, str, Mapping[str, tuple[str, ...]]]] = {
    "accounts": (
        "account",
        "account_id",
        {
            name: (name,)
            for name in ("name", "timezone_name", "currency", "account_status")
        },
    ),
    "campaigns": ("campaign", "campaign_id", {"name": ("name",)}),
    "ad_sets": ("ad_set", "ad_set_id", {"name": ("name",)}),
    "ads": ("ad", "ad_id", {"name": ("name",), "creative_id": ("creative", "id")}),
}


def record_versions(
    connection: Connection, table: str, rows: Iterable[Document], *, run: RunInfo
) -> list[str]:
    """Remember the values of listed objects; return what changed, in words.

    A value that is absent from an answer changes nothing.
    """
    if table not in KEPT:
        return []
    kind, id_column, attributes = KEPT[table]
    objects = {row[id_column]: row for row in rows}
    current = _current(connection, kind, list(objects))
    written: list[Document] = []
    changes: list[str] = []
    for object_id, row in objects.items():
        for attribute, path in attributes.items():
            value = _at(row["payload"], path)
            known = current.get((object_id, attribute))
            if value is None or (known and known["value"] == value):
                continue
            if known and known["seen_from"] < run.as_of:
                written.append({**known, "seen_until": run.as_of})
                changes.append(f"{attribute} {known['value']} → {value}")
            written.append(
                {
                    "object_kind": kind,
                    "object_id": object_id,
                    "attribute": attribute,
                    "seen_from": run.as_of,
                    "seen_until": None,
                    "account_id": row["account_id"],
                    "value": value,
                }
            )
    if written:
        upsert_documents(connection, "facebook__object_versions", written, run=run)
    return changes


def _current(
    connection: Connection, kind: str, ids: list[str]
) -> dict[tuple[str, str], Document]:
    rows = connection.execute(
        "select object_kind, object_id, attribute, seen_from, seen_until, account_id, "
        "value from raw.facebook__object_versions "
        "where object_kind = %s and object_id = any(%s) and seen_until is null",
        [kind, ids],
    )
    names = [column.name for column in rows.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {(row["object_id"], row["attribute"]): row for row in found}


def _at(payload: Document, path: tuple[str, ...]) -> str | None:
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return None if value is None else str(value)
