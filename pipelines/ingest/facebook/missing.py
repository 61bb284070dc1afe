"""Facebook objects that no list shows: deleted ones stay known, with their last state.

Lists hide deleted objects, whose days still report for weeks and whose links explain
them. Loading what is found belongs to `objects.py`.
"""

from collections.abc import Iterable, Iterator, Mapping

from psycopg import sql

from pipelines.catalog import STAMPS
from pipelines.extract.facebook.extractor import Edge, FacebookExtractor
from pipelines.extract.facebook.pages import Document
from pipelines.load.merge import Connection

# They are looked at one by one; what is more waits its turn.
AT_ONCE = 100


def read_known(connection: Connection, account_id: str, edge: Edge) -> list[Document]:
    """Return the living objects of an account that raw holds, without stamps."""
    query = sql.SQL(
        "select to_jsonb(known) - %s::text[] from {} as known "
        "where account_id = %s and _deleted_at is null"
    ).format(sql.Identifier("raw", f"facebook__{edge.table}"))
    rows = connection.execute(query, [list(STAMPS), account_id])
    return [row for (row,) in rows]


def find_missing(
    extractor: FacebookExtractor,
    account_id: str,
    edge: Edge,
    *,
    listed: Mapping[str, Document],
    known: Iterable[Document],
    wanted: Iterable[str],
) -> Iterator[Document]:
    """Yield the known and the wanted objects that are not listed, as they are now.

    Each is read by its id until it is known to be deleted, then stays as it is. Only an
    object that Facebook no longer has is left out. Wanted are those that days or ads
    mention.
    """
    held = {row[edge.id_column]: row for row in known}
    looked_at = 0
    for object_id in sorted((held.keys() | set(wanted)) - listed.keys()):
        row = held.get(object_id)
        payload = row["payload"] if row else {}
        status = payload.get("effective_status") or payload.get("status")
        if status == "DELETED" or looked_at == AT_ONCE:
            if row:
                yield row
            continue
        looked_at += 1
        if found := extractor.object(account_id, edge, object_id):
            yield found
