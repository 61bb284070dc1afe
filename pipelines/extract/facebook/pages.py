"""One page of an edge, and where the next one is.

The SDK's own cursor is not used: it ends without an error where Facebook's `paging` is
not what it expects. Calls belong to `client.py`.
"""

from collections.abc import Iterable
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from pipelines.extract.facebook.errors import GraphError, Kind

Document = dict[str, Any]

# Where a page is, said by `next`; all else in its query is ours, or a credential.
PLACES = frozenset(
    ("after", "before", "since", "until", "offset", "__paging_token", "__after_id")
)
# More empty pages in a row are an edge without an end.
EMPTY_PAGES = 500


class Page(list[Document]):
    """The rows of one page; `total_count` is Facebook's count of the whole edge.

    `limit` is the number of rows that was asked for.
    """

    def __init__(
        self,
        rows: Iterable[Document] = (),
        *,
        total_count: int | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(rows)
        self.total_count = total_count
        self.limit = limit

    @property
    def rows(self) -> list[Document]:
        return self

    @classmethod
    def of(cls, answer: Document, *, limit: int) -> Self:
        """Make a page of an answer that `check_page` let pass."""
        summary = answer.get("summary")
        total = summary.get("total_count") if isinstance(summary, dict) else None
        counted = isinstance(total, int) and not isinstance(total, bool)
        return cls(answer["data"], total_count=total if counted else None, limit=limit)


class Cursor:
    """The place in an edge: moves on with each answer, refuses to go in circles."""

    def __init__(self, *, follows_next: bool = False) -> None:
        self.params: dict[str, str] = {}
        self.is_at_end = False
        self._follows_next = follows_next
        self._seen: set[tuple[tuple[str, str], ...]] = set()
        self._empty = 0

    def advance(self, answer: Document) -> None:
        """Take the next place from an answer."""
        paging = answer.get("paging") or {}
        if not paging.get("next"):
            self.is_at_end = True
            return
        self._empty = 0 if answer["data"] else self._empty + 1
        if self._empty == EMPTY_PAGES:
            raise _broken(f"{EMPTY_PAGES} pages in a row are empty and have a next one")
        self.params = _query(paging) if self._follows_next else _after(paging)
        place = tuple(sorted(self.params.items()))
        if place in self._seen:
            raise _broken("the cursor of a page came twice")
        self._seen.add(place)


def check_page(body: Document) -> None:
    """Refuse a page whose rows are no list of objects: asked again, it may be one."""
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise GraphError("the answer holds no list of objects", kind=Kind.TRANSIENT)
    if not isinstance(body.get("paging") or {}, dict):
        raise GraphError("the answer's paging is no object", kind=Kind.TRANSIENT)


def _after(paging: Document) -> dict[str, str]:
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not isinstance(after, str) or not after:
        raise _broken("the answer has a next page but no cursor")
    return {"after": after}


def _query(paging: Document) -> dict[str, str]:
    """Return the place that the address of the next page names: nothing else of it."""
    try:
        query = parse_qsl(urlsplit(paging["next"]).query)
    except (ValueError, TypeError, AttributeError):
        query = []
    place = {name: value for name, value in query if name in PLACES}
    if not place:
        raise _broken("the answer has a next page but does not say where")
    return place


def _broken(message: str) -> GraphError:
    return GraphError(message, kind=Kind.BROKEN)
