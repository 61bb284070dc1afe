"""Read a list that changes under the reader, and miss nothing.

The usual page after page loses rows: what is changed moves to the end, the rest moves
up. So each request starts where the last row was, always with page 1. What the rows are
belongs to `extractor.py`, what the list no longer shows to `sweep.py`.
"""

from collections.abc import Iterator

from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.paging import (
    Listing,
    Page,
    Reader,
    Row,
    read_until_stable,
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
            yield _drain(client, listing, second)
            second, delivered = second + 1, {}
            continue
        yield [row for row in page.rows if delivered.get(row["id"]) != row]
        if complete:
            return
        second = last
        delivered = {row["id"]: row for row in page.rows if row["updated_at"] == last}


def read_newest_first(
    client: AmocrmClient, listing: Listing, *, since: int = 0
) -> Iterator[list[Row]]:
    """Yield rows changed at or after a second where filters are not honoured.

    Walks from the newest change back until it is older; page after page can repeat
    rows, and what it may miss is for the sweep to find.
    """
    before: int | None = None
    for rows in Reader(client, listing).pages([("order[updated_at]", "desc")]):
        for row in rows:
            changed = _moment(listing, row)
            if before is not None and changed > before and since:
                # A row that moved to the front shifts the others: still in order.
                message = "the rows came in another order than newest first"
                raise listing.error(message, window=f"updated_at {since}..")
            before = changed
        yield [row for row in rows if row["updated_at"] >= since]
        if rows[-1]["updated_at"] < since:
            return


def _is_complete(reader: Reader, page: Page, query: Query) -> bool:
    """Tell whether nothing follows: a short page, and no second one behind it."""
    if len(page.rows) >= page.limit:
        return False
    return not (page.may_be_cut and reader.page(2, query).rows)


def _drain(client: AmocrmClient, listing: Listing, second: int) -> list[Row]:
    query: Query = [
        ("filter[updated_at][from]", second),
        ("filter[updated_at][to]", second),
    ]
    rows = read_until_stable(client, listing, query=query)
    for row in rows:
        _check(listing, [row], since=second, until=second)
    return rows


def _check(listing: Listing, rows: list[Row], *, since: int, until: int | None) -> None:
    """Refuse rows that were not asked for: a filter not understood is ignored."""
    window = f"updated_at {since}..{'' if until is None else until}"
    before = since
    for row in rows:
        changed = _moment(listing, row)
        if changed < since or (until is not None and changed > until):
            message = (
                f"the filter was ignored: a row changed at {changed} came; if `make "
                "doctor` says so too, set AMOCRM_FILTERS=ignored"
            )
            raise listing.error(message, window=window)
        if changed < before:
            raise listing.error("the rows came in another order", window=window)
        before = changed


def _moment(listing: Listing, row: Row) -> int:
    changed = row.get("updated_at")
    if not isinstance(changed, int) or not isinstance(row["id"], int):
        raise listing.error("a row has no numeric id or updated_at")
    return changed
