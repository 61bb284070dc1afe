"""Rows of one entity type on their way into raw, written piece by piece and counted."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.extract.amocrm.canonical import Row
from pipelines.extract.amocrm.extractor import Batches, documents
from pipelines.ingest.amocrm.load import Load, Passing, Via
from pipelines.ingest.amocrm.merging import Counts, merge_entities

# Pages that are committed together.
PAGES_AT_ONCE = 20


@dataclass
class Tally:
    """What reading and writing an entity type came to."""

    counts: Counts = field(default_factory=Counts)
    fetched: int = 0
    pages: int = 0
    newest: int | None = None
    newest_at: datetime | None = None
    # When what came was changed, by id.
    changed_at: dict[int, int] = field(default_factory=dict)

    def add(self, passing: Passing, counts: Counts) -> None:
        self.counts += counts
        self.fetched += passing.rows
        self.pages += passing.pages
        self.changed_at |= passing.changed_at
        if passing.newest and passing.newest > (self.newest or 0):
            self.newest, self.newest_at = passing.newest, passing.newest_at

    def details(self) -> dict[str, Any]:
        """Return counters that balance: fetched is the sum of what became of rows."""
        return {"pages": self.pages, "fetched": self.fetched, **vars(self.counts)}


def merge_pieces(
    load: Load,
    table: str,
    batches: Iterator[list[Row]],
    *,
    via: Via,
    tally: Tally,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Write batches, some at a time; `after` runs in each piece's transaction.

    No transaction is open while the API is asked.
    """
    as_documents: Batches = (documents(rows) for rows in batches)
    while piece := list(itertools.islice(as_documents, PAGES_AT_ONCE)):
        passing = Passing(iter(piece), time_of="updated_at")
        with load.writing():
            counts = merge_entities(
                load.warehouse, table, passing, run=load.run, via=via
            )
            tally.add(passing, counts)
            after()
