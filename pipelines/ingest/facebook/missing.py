"""Facebook objects that left the lists: deleted ones stay known, with their last state.

Lists hide deleted objects, whose days still report for weeks. Loading what is found
belongs to `facebook_account.py`.
"""

from collections.abc import Iterator, Mapping

from psycopg import sql

from pipelines.catalog import STAMPS
from pipelines.extract.facebook.client import Document
from pipelines.extract.facebook.extractor import Edge, FacebookExtractor
from pipelines.load.merge import Connection

# They are looked at one by one; what is more waits its turn.
AT_ONCE = 100


def find_missing(
    warehouse: Connection,
    extractor: FacebookExtractor,
    account_id: str,
    edge: Edge,
    *,
    listed: Mapping[str, Document],
) -> Iterator[Document]:
    """Yield the known objects of an account that are not listed, as they are now.

    Each is read by its id until it is known to be deleted, then stays as it is. Only an
    object that Facebook no longer has is left out.
    """
    looked_at = 0
    for row in _known(warehouse, account_id, edge):
        object_id = row[edge.id_column]
        if object_id in listed:
            continue
        payload = row["payload"]
        status = payload.get("effective_status") or payload.get("status")
        if status == "DELETED" or looked_at == AT_ONCE:
            yield row
            continue
        looked_at += 1
        if found := extractor.deleted_object(account_id, edge, object_id):
            yield found


def _known(warehouse: Connection, account_id: str, edge: Edge) -> list[Document]:
    query = sql.SQL(
        "select to_jsonb(known) - %s::text[] from {} as known "
        "where account_id = %s and _deleted_at is null"
    ).format(sql.Identifier("raw", f"facebook__{edge.table}"))
    rows = warehouse.execute(query, [list(STAMPS), account_id])
    return [row for (row,) in rows]
