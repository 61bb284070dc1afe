"""One page of one AmoCRM list, checked, and lists that are read page after page.

How a list that changes under the reader is read belongs to `keyset.py` and `sweep.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.errors import ProtocolError
from pipelines.extract.amocrm.canonical import Row, canonical
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient, Query
from pipelines.extract.amocrm.refusals import PageTooLarge

MAX_LIMIT = 250
# The feed of events gives no more at once, on some accounts less.
EVENTS_LIMIT = 100
# A server that cannot make a page in time is asked for a smaller one. Each limit
# divides the one before, so that a smaller page begins where a larger one would have.
SMALLER = {250: 125, 125: 25, 100: 50, 50: 25}
# A server that gives fewer rows than asked gives a round number of them.
ROUND = 25


@dataclass(frozen=True)
class Listing:
    """A list of the API: where it is, what it calls its rows, what is asked of it."""

    table: str
    path: str
    name: str
    query: tuple[tuple[str, str | int], ...] = ()
    limit: int = MAX_LIMIT
    # Whether the API documents an order by time of change.
    is_ordered_by_change: bool = True
    has_fields: bool = False
    # Some short lists come whole, whatever is asked.
    has_pages: bool = True
    has_text_ids: bool = False

    def canonical(self, row: Row) -> Row:
        """Return a row in the one form in which it is compared."""
        return canonical(
            row, has_fields=self.has_fields, has_numbers=not self.has_text_ids
        )

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
    """The rows of one answer, what was asked for and whether it says there are more."""

    rows: list[Row]
    says_next: bool
    limit: int = MAX_LIMIT

    @property
    def may_be_cut(self) -> bool:
        """Tell whether more may follow: it says so, is full, or has a round length."""
        count = len(self.rows)
        return self.says_next or count >= self.limit or count % ROUND == 0


@dataclass
class Reader:
    """Reads one list; remembers the page size that the server can make in time."""

    client: AmocrmClient
    listing: Listing
    limit: int = field(init=False)

    def __post_init__(self) -> None:
        self.limit = self.listing.limit

    def first(self, query: Query = ()) -> Page:
        """Read the first page, as large as the server can make it."""
        while True:
            try:
                return self.page(1, query)
            except PageTooLarge as error:
                self.shrink(error)

    def has_second(self, query: Query = ()) -> bool:
        """Tell whether anything follows the first page."""
        number = 2
        while True:
            try:
                return bool(self.page(number, query).rows)
            except PageTooLarge as error:
                number = (number - 1) * self.shrink(error) + 1

    def page(self, number: int, query: Query = ()) -> Page:
        """Read one page; an empty one is the end of the list."""
        listing = self.listing
        asked = [*listing.query, *query]
        if listing.has_pages:
            asked += [("page", number), ("limit", self.limit)]
        body = self.client.get(listing.path, asked, table=listing.table)
        if body is None:
            return Page([], says_next=False, limit=self.limit)
        rows = _rows_of(body, listing.name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise listing.error(f"the answer holds no list of {listing.name}")
        rows = [listing.canonical(row) for row in rows]
        for row in rows:
            if not isinstance(row.get("id"), str if listing.has_text_ids else int):
                raise listing.error("a row has no id, or one of another kind")
        links = body.get("_links")
        return Page(
            rows,
            says_next=isinstance(links, dict) and bool(links.get("next")),
            limit=self.limit,
        )

    def shrink(self, error: PageTooLarge) -> int:
        """Take the next smaller page size; return how many of them make the old one."""
        smaller = SMALLER.get(self.limit)
        if smaller is None:
            raise error
        times = self.limit // smaller
        self.limit = smaller
        return times

    def pages(self, query: Query = ()) -> Iterator[list[Row]]:
        """Yield page after page until an empty one."""
        before: list[int | str] = []
        number = 1
        while True:
            try:
                rows = self.page(number, query).rows
            except PageTooLarge as error:
                number = (number - 1) * self.shrink(error) + 1
                continue
            if not rows:
                return
            ids = [row["id"] for row in rows]
            if ids == before:
                message = f"page {number} shows the rows of the page before"
                raise self.listing.error(message)
            yield rows
            before = ids
            number += 1


def read_page(
    client: AmocrmClient, listing: Listing, *, page: int = 1, query: Query = ()
) -> Page:
    """Read one page of a list, or a list that has no pages."""
    return Reader(client, listing).page(page, query)


def read_pages(
    client: AmocrmClient, listing: Listing, *, query: Query = ()
) -> Iterator[list[Row]]:
    """Yield page after page until an empty one, for lists that stand still."""
    yield from Reader(client, listing).pages(query)


def read_there_and_back(
    client: AmocrmClient, listing: Listing, *, query: Query = ()
) -> list[Row]:
    """Read a whole list forward to its end, then backward to its beginning.

    What leaves the list moves the rest to earlier pages: forward they are missed, on
    the way back they still lie ahead. The last answer about a row counts.
    """
    reader = Reader(client, listing)
    pages = list(reader.pages(query))
    found = {row["id"]: row for rows in pages for row in rows}
    # One page cannot have hidden anything behind it.
    number = len(pages) if len(pages) > 1 else 0
    while number:
        try:
            found |= {row["id"]: row for row in reader.page(number, query).rows}
            number -= 1
        except PageTooLarge as error:
            number *= reader.shrink(error)
    return list(found.values())


def _rows_of(body: dict[str, object], name: str) -> object:
    """Return the rows of an answer; what PHP writes for nothing is an empty list."""
    embedded = body.get("_embedded")
    if embedded in ([], {}):
        return []
    rows = embedded.get(name) if isinstance(embedded, dict) else None
    is_empty = isinstance(embedded, dict) and name in embedded and rows is None
    return [] if is_empty else rows
