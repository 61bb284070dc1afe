"""All ids of a list, read in two orders: the proof that nothing was missed.

Deletions move rows to earlier pages, so one pass can miss some; another pass, from the
other end, misses others. What an id that no pass shows means belongs to `ingest/`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.extract.amocrm.canonical import Row
from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.keyset import living, moment_of
from pipelines.extract.amocrm.paging import Listing, Reader
from pipelines.extract.amocrm.refusals import PageTooLarge

# Two that differ call for a third; more would chase a list that never stands still.
MAX_PASSES = 3
# As many ids as one question may hold.
MAX_IDS = 250


@dataclass
class Sweep:
    """What the passes found: ids by pass; `agreed` when the last two are the same."""

    passes: list[set[int]] = field(default_factory=list)
    changed_at: dict[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> set[int]:
        return set(self.changed_at)

    @property
    def agreed(self) -> bool:
        return len(self.passes) > 1 and self.passes[-1] == self.passes[-2]


def sweep(
    client: AmocrmClient, listing: Listing, found: Sweep, *, ordered: bool = True
) -> Iterator[list[Row]]:
    """Yield all rows of a list, from both ends, and note in `found` which came.

    A later pass yields only what is new or changed since the one before.
    """
    reader = Reader(client, listing)
    while len(found.passes) < MAX_PASSES and not found.agreed:
        direction = "asc" if len(found.passes) % 2 == 0 else "desc"
        query: Query = [("order[id]", direction)] if ordered else []
        ids: set[int] = set()
        for rows in reader.pages(query):
            # Between two pages rows may come back, and shift others to the next.
            last: int | None = None
            news = []
            for row in living(rows):
                number, changed = row["id"], moment_of(listing, row)
                if ordered and last is not None and _goes_back(last, number, direction):
                    raise listing.error("the rows came in another order than by id")
                last = number
                ids.add(number)
                if found.changed_at.get(number) != changed:
                    news.append(row)
                    found.changed_at[number] = changed
            yield news
        found.passes.append(ids)


def _goes_back(last: int, number: int, direction: str) -> bool:
    return number < last if direction == "asc" else number > last


def read_by_ids(
    client: AmocrmClient, listing: Listing, ids: list[int], *, is_strict: bool = True
) -> Iterator[list[Row]]:
    """Yield the living rows among some ids; an id that is gone does not come.

    A filter that is ignored is an error, unless `is_strict` is False: then what was not
    asked for is left out, and stubs come too.
    """
    reader = Reader(client, listing)
    start = 0
    while start < len(ids):
        wanted = ids[start : start + min(MAX_IDS, reader.limit)]
        try:
            found = _find(reader, wanted)
        except PageTooLarge as error:
            reader.shrink(error)
            continue
        strangers = set(found) - set(wanted)
        if strangers and is_strict:
            message = f"the filter was ignored: row {min(strangers)} came"
            raise listing.error(message, window=f"{len(wanted)} ids")
        rows = [row for row in found.values() if row["id"] not in strangers]
        for row in rows:
            moment_of(listing, row)
        yield living(rows) if is_strict else rows
        start += len(wanted)


def _find(reader: Reader, wanted: list[int]) -> dict[int, Row]:
    """Read page after page until all are found or nothing new comes.

    Some may be gone, or the server may give fewer at once than it was asked for.
    """
    query: Query = [("filter[id][]", number) for number in wanted]
    found: dict[int, Row] = {}
    number = 1
    while len(found) < len(wanted):
        rows = reader.page(number, query).rows
        news = {row["id"]: row for row in rows if row["id"] not in found}
        if not news:
            break
        found |= news
        number += 1
    return found
