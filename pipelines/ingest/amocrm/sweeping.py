"""The sweep of one entity type: every id from both ends, and what is gone since.

How a list is swept belongs to `extract/amocrm/sweep.py`, what makes an absence credible
to `absences.py`.
"""

from dataclasses import dataclass
from typing import Any

from pipelines.errors import LoadRefused
from pipelines.extract.amocrm.paging import Listing
from pipelines.extract.amocrm.sweep import Sweep, read_by_ids, sweep
from pipelines.ingest.amocrm.absences import find_missing, judge, mark_absences
from pipelines.ingest.amocrm.load import Load
from pipelines.ingest.amocrm.pieces import Tally, merge_pieces
from pipelines.load.merge import make_stamp

# More that a sweep did not show are not asked for one by one: they are lost rights.
MOST_ASKED_AGAIN = 2_500


@dataclass(frozen=True)
class Swept:
    """What a sweep found; `refusal` says why its absences are not to be believed."""

    details: dict[str, Any]
    gone: int = 0
    refusal: LoadRefused | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        if self.details["agreed"]:
            return ()
        return (
            f"the passes of the sweep did not agree ({self.details['asc']} ids, then "
            f"{self.details['desc']}): the list moved meanwhile; the next sweep tells",
        )


def sweep_entity(load: Load, listing: Listing, tally: Tally) -> Swept:
    """Read every id; load what was unknown, mark what is gone."""
    table = listing.table
    begun = make_stamp(load.warehouse, load.run).at
    # What was read a moment ago need not be written once more.
    found, known_new = Sweep(changed_at=dict(tally.changed_at)), tally.counts.new
    rows = sweep(load.client, listing, found, ordered=load.honours_filters)
    merge_pieces(load, table, rows, via="sweep", tally=tally)
    unknown = tally.counts.new - known_new
    missing = find_missing(load.warehouse, table, found.ids, before=begun)
    again = _ask_again(load, listing, missing, tally)
    missing -= again
    details = {
        "asc": len(found.passes[0]),
        "desc": len(found.passes[1]),
        "passes": len(found.passes),
        "agreed": found.agreed,
        "unknown": unknown,
        "found_again": len(again),
        "missing": len(missing),
    }
    load.on_progress(f"{table}: {len(found.ids):,} ids, {len(missing):,} missing")
    judged = judge(load.warehouse, table, missing)
    if refusal := judged.refusal(table, is_confirmed=table in load.confirmed):
        return Swept(details, refusal=refusal)
    with load.writing():
        gone = mark_absences(load.warehouse, table, missing, run=load.run)
    return Swept(details, gone=gone)


def _ask_again(
    load: Load, listing: Listing, missing: set[int], tally: Tally
) -> set[int]:
    """Ask by id for what no pass showed: pages that moved may have hidden it."""
    if not missing or len(missing) > MOST_ASKED_AGAIN or not load.honours_filters:
        return set()
    batches = list(read_by_ids(load.client, listing, sorted(missing)))
    merge_pieces(load, listing.table, iter(batches), via="sweep", tally=tally)
    return {row["id"] for rows in batches for row in rows}
