"""Read a list that changes under the reader, and miss nothing.

The usual page after page loses rows: what is changed moves to the end, the rest moves
up. So each request starts where the last row was, always with page 1. What the rows are
belongs to `extractor.py`.
"""

from collections.abc import Iterator

from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.paging import (
    Listing,
    Page,
    Row,
    read_page,
    read_until_stable,
)


def read_changed(
    client: AmocrmClient, listing: Listing, *, since: int = 0
) -> Iterator[list[Row]]:
    """Yield all rows changed at or after a second, oldest change first.

    A row that changes while it is read comes again, newer: the last one counts. At the
    end of the iterator every row that the list then held has come.
    """
    second = since
    delivered: dict[int | str, Row] = {}
    while True:
        query: Query = [
            ("filter[updated_at][from]", second),
            ("order[updated_at]", "asc"),
        ]
        page = read_page(client, listing, query=query)
        if not page.rows:
            return
        _check(listing, page.rows, since=second, until=None)
        last: int = page.rows[-1]["updated_at"]
        complete = _is_complete(client, listing, page, query=query)
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


def _is_complete(
    client: AmocrmClient,
    listing: Listing,
    page: Page,
    *,
    query: Query,
) -> bool:
    """Tell whether nothing follows: a short page, and no second one behind it."""
    if len(page.rows) >= listing.limit:
        return False
    return not (page.says_next and read_page(client, listing, page=2, query=query).rows)


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
        changed = row.get("updated_at")
        if not isinstance(changed, int) or not isinstance(row["id"], int):
            raise listing.error("a row has no numeric id or updated_at", window=window)
        if changed < since or (until is not None and changed > until):
            message = f"the filter was ignored: a row changed at {changed} came"
            raise listing.error(message, window=window)
        if changed < before:
            raise listing.error("the rows came in another order", window=window)
        before = changed
