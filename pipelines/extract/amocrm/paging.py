"""One page of one AmoCRM list, checked, and lists that are read page after page.

How a list that changes under the reader is read belongs to `keyset.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.errors import ProtocolError
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient, Query

Row = dict[str, Any]
MAX_LIMIT = 250
# The feed of events gives no more at once, on some accounts less.
EVENTS_LIMIT = 100
# Passes over a list that never agree mean that it changes faster than it can be read.
MAX_PASSES = 10


@dataclass(frozen=True)
class Listing:
    """A list of the API: where it is, what it calls its rows, what is asked of it."""

    table: str
    path: str
    name: str
    query: tuple[tuple[str, str | int], ...] = ()
    limit: int = MAX_LIMIT

    def error(self, message: str, *, window: str | None = None) -> ProtocolError:
        """Say that an answer broke the protocol."""
        return ProtocolError(
            message,
            system=SYSTEM,
            table=self.table,
            window=window,
            remedy="nothing of this read is kept and the next run asks again; if it "
            "stays, AmoCRM's API has changed",
        )


@dataclass(frozen=True)
class Page:
    """The rows of one answer and whether it says that there are more."""

    rows: list[Row]
    says_next: bool


def read_page(
    client: AmocrmClient, listing: Listing, *, page: int = 1, query: Query = ()
) -> Page:
    """Read one page; an empty one is the end of the list."""
    asked = [*listing.query, *query, ("page", page), ("limit", listing.limit)]
    body = client.get(listing.path, asked, table=listing.table)
    if body is None:
        return Page([], says_next=False)
    embedded = body.get("_embedded")
    rows = embedded.get(listing.name) if isinstance(embedded, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise listing.error(f"the answer holds no list of {listing.name}")
    for row in rows:
        if not isinstance(row.get("id"), int | str):
            raise listing.error("a row has no id")
    links = body.get("_links")
    return Page(
        [without_links(row) for row in rows],
        says_next=isinstance(links, dict) and bool(links.get("next")),
    )


def read_pages(
    client: AmocrmClient, listing: Listing, *, query: Query = ()
) -> Iterator[list[Row]]:
    """Yield page after page until an empty one, for lists that stand still."""
    before: list[int | str] = []
    page = 1
    while rows := read_page(client, listing, page=page, query=query).rows:
        ids = [row["id"] for row in rows]
        if ids == before:
            raise listing.error(f"page {page} shows the rows of the page before")
        yield rows
        before = ids
        page += 1


def read_until_stable(
    client: AmocrmClient, listing: Listing, *, query: Query = ()
) -> list[Row]:
    """Read a whole list in the order of ids until two passes find the same rows."""
    ordered = [*query, ("order[id]", "asc")]
    found: dict[int | str, Row] = {}
    before: set[int | str] | None = None
    for _ in range(MAX_PASSES):
        rows = [
            row for page in read_pages(client, listing, query=ordered) for row in page
        ]
        found |= {row["id"]: row for row in rows}
        ids = {row["id"] for row in rows}
        if ids == before:
            return list(found.values())
        before = ids
    raise listing.error(f"{MAX_PASSES} passes over the list never agreed")


def without_links(row: Row) -> Row:
    """Drop the links, which repeat the request and so differ between two reads."""
    return {name: _deep(item) for name, item in row.items() if name != "_links"}


def _deep(value: object) -> object:
    if isinstance(value, dict):
        return without_links(value)
    return [_deep(item) for item in value] if isinstance(value, list) else value
