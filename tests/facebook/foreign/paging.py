"""Pages over a frozen list: cursors that mean nothing, and every oddity of paging.

A list is frozen when it is first asked for, so that a shuffled order misses no row.
Which rows it has belongs to `edges.py` and `insights.py`.
"""

from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from tests.facebook.foreign.asking import VERSION, Question, Refusal

Document = dict[str, Any]


@dataclass(frozen=True)
class Oddities:
    """What may be strange about a list's pages; the defaults are calm."""

    cap: int = 500
    shuffled: bool = True
    # How often a page comes empty although more follow, at most twice a list.
    empty: float = 0.0
    # How often a page begins with rows of the one before.
    overlap: float = 0.0
    # How often the last rows are followed by an empty page.
    trailing: float = 0.0


CALM = Oddities()


@dataclass
class Frozen:
    """A list as it was when its first page was asked for."""

    rows: list[Document]
    empties: int = 2


class Pager:
    """All lists that are being read, and the cursors into them."""

    def __init__(self, random: Random, oddities: Oddities) -> None:
        self.random = random
        self.oddities = oddities
        self.address = ""
        self._places: dict[str, tuple[Frozen, int]] = {}

    def place(self, question: Question, rows: list[Document]) -> tuple[Frozen, int]:
        """Return the list that a cursor means, or freeze the rows as a new one."""
        cursor = question.params.get("after") or question.params.get("__paging_token")
        if cursor == "QVFIsame":
            return Frozen(list(rows)), 0
        if cursor:
            if cursor not in self._places:
                raise Refusal(100, "(#100) Invalid cursor", subcode=1500)
            return self._places[cursor]
        rows = list(rows)
        if self.oddities.shuffled and "activities" not in question.path:
            self.random.shuffle(rows)
        return Frozen(rows), 0

    def page(self, question: Question, rows: list[Document]) -> Document:
        """Return one page; on an edge that pages by time without any cursor."""
        frozen, offset = self.place(question, rows)
        take = min(question.limit, self.oddities.cap)
        odd, lot = self.oddities, self.random.random
        if frozen.empties and lot() < odd.empty and offset < len(frozen.rows):
            frozen.empties -= 1
            return self._page(question, frozen, [], offset, offset)
        start = offset
        if offset and take > 3 and lot() < odd.overlap:
            start = max(0, offset - self.random.randint(1, 3))
        end = min(start + take, len(frozen.rows))
        return self._page(question, frozen, frozen.rows[start:end], start, end)

    def _page(
        self,
        question: Question,
        frozen: Frozen,
        rows: list[Document],
        start: int,
        end: int,
    ) -> Document:
        body: Document = {"data": rows}
        more = end < len(frozen.rows)
        if not more and rows and self.random.random() < self.oddities.trailing:
            more = True
        by_time = "activities" in question.path
        if rows or more:
            after = self._cursor(frozen, end)
            body["paging"] = {}
            if not by_time:
                before = self._cursor(frozen, start)
                body["paging"]["cursors"] = {"before": before, "after": after}
            if more:
                body["paging"]["next"] = self._next(question, after, rows)
            if start:
                body["paging"]["previous"] = self._next(question, after, rows)
        if question.params.get("summary") == "true":
            body["summary"] = {"total_count": len(frozen.rows)}
        return body

    def _cursor(self, frozen: Frozen, offset: int) -> str:
        cursor = f"QVFI{self.random.getrandbits(160):x}ZDZD"
        self._places[cursor] = frozen, offset
        return cursor

    def _next(self, question: Question, cursor: str, rows: list[Document]) -> str:
        """Return an address as Graph does: with the token, for another host."""
        params = {**question.params, "limit": str(question.limit)}
        if "activities" in question.path:
            times = [row["event_time"] for row in rows if "event_time" in row]
            params["until"] = min(times, default=params.get("until", "0"))
            params["__paging_token"] = cursor
        else:
            params["after"] = cursor
        path = "/".join(question.path)
        return f"https://graph.facebook.com/{VERSION}/{path}?{urlencode(params)}"
