"""Read a list that changes under the reader, and miss nothing.

The usual page after page loses rows: what is changed moves to the end, the rest moves
up. So each request starts where the last row was, always with page 1. What the rows are
belongs to `extractor.py`, what the list no longer shows to `sweep.py`.
"""

from collections.abc import Iterable, Iterator

from pipelines.extract.amocrm.canonical import Row
from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.paging import (
    Listing,
    Page,
    Reader,
    read_there_and_back,
)


def read_changed(
    client: AmocrmClient, listing: Listing, *, since: int = 0
) -> Iterator[list[Row]]:
    """Yield all rows changed at or after a second, oldest change first.

    A row that changes while it is read comes again, newer: the last one counts. When a
    batch was yielded, everything older than its last row has come; at the end of the
    iterator every row that the list then held.
    """
    reader = Reader(client, listing)
    second = since
    delivered: dict[int | str, Row] = {}
    while True:
        query: Query = [
            ("filter[updated_at][from]", second),
            ("order[updated_at]", "asc"),
        ]
        page = reader.first(query)
        if not page.rows:
            return
        _check(listing, page.rows, since=second, until=None)
        last: int = page.rows[-1]["updated_at"]
        complete = _is_complete(reader, page, query)
        if last == second and not complete:
            # More rows share this second than one page holds.
            yield living(_drain(client, listing, second))
            second, delivered = second + 1, {}
            continue
        yield living(row for row in page.rows if delivered.get(row["id"]) != row)
        if complete:
            return
        second = last
        delivered = {row["id"]: row for row in page.rows if row["updated_at"] == last}


def read_changed_by_id(
    client: AmocrmClient, listing: Listing, *, since: int = 0
) -> Iterator[list[Row]]:
    """Yield all rows changed at or after a second, where no order by change exists."""
    query: Query = [("filter[updated_at][from]", since), ("order[id]", "asc")]
    rows = read_there_and_back(client, listing, query=query)
    for row in rows:
        _check(listing, [row], since=since, until=None)
    yield living(rows)


def read_newest_first(
    client: AmocrmClient, listing: Listing, *, since: int = 0
) -> Iterator[list[Row]]:
    """Yield rows changed at or after a second where filters are not honoured.

    Walks from the newest change back until it is older, or through everything where
    orders are not honoured either. What moved to the front meanwhile is for the next
    run, what a page may have hidden for the sweep.
    """
    is_ordered = listing.is_ordered_by_change
    query: Query = [("order[updated_at]", "desc")] if is_ordered else []
    for rows in Reader(client, listing).pages(query):
        moments = [moment_of(listing, row) for row in rows]
        is_ordered = is_ordered and moments == sorted(moments, reverse=True)
        yield living(row for row in rows if row["updated_at"] >= since)
        if is_ordered and moments[-1] < since:
            return


def _is_complete(reader: Reader, page: Page, query: Query) -> bool:
    """Tell whether nothing follows: a short page, and no second one behind it."""
    if len(page.rows) >= page.limit:
        return False
    return not (page.may_be_cut and reader.has_second(query))


def _drain(client: AmocrmClient, listing: Listing, second: int) -> list[Row]:
    query: Query = [
        ("filter[updated_at][from]", second),
        ("filter[updated_at][to]", second),
        ("order[id]", "asc"),
    ]
    # A second of the past only loses rows: who is changed again comes later.
    rows = read_there_and_back(client, listing, query=query)
    for row in rows:
        _check(listing, [row], since=second, until=second)
    return rows


def _check(listing: Listing, rows: list[Row], *, since: int, until: int | None) -> None:
    """Refuse rows that were not asked for: a filter not understood is ignored."""
    window = f"updated_at {since}..{'' if until is None else until}"
    before = since
    for row in rows:
        changed = moment_of(listing, row)
        if changed < since or (until is not None and changed > until):
            message = (
                f"the filter was ignored: a row changed at {changed} came; if `make "
                "doctor` says so too, set AMOCRM_FILTERS=ignored"
            )
            raise listing.error(message, window=window)
        if changed < before:
            raise listing.error("the rows came in another order", window=window)
        before = changed


def living(rows: Iterable[Row]) -> list[Row]:
    """Leave out the stubs of what was deleted: they would overwrite its content."""
    return [row for row in rows if row.get("is_deleted") is not True]


def moment_of(listing: Listing, row: Row) -> int:
    """Return when a row was changed, in seconds; refuse one that does not say."""
    changed = row.get("updated_at")
    if not isinstance(changed, int) or not isinstance(row["id"], int):
        raise listing.error("a row has no numeric id or updated_at")
    return changed
