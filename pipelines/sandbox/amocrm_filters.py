"""What `filter` and `order` of an AmoCRM list do to its rows.

Only the choosing: pages and refusals belong to `amocrm.py`.
"""

from collections.abc import Iterable

from pipelines.sandbox.php import Array
from pipelines.sandbox.story.world import Document

RANGES = ("created_at", "updated_at", "closed_at")
ORDERS = ("created_at", "updated_at", "id")


def matches(row: Document, wanted: Array) -> bool:
    """Tell whether a row passes; a filter of another shape is no filter at all."""
    ids, pipelines = values(wanted.get("id")), values(wanted.get("pipeline_id"))
    stages = wanted.get("statuses")
    pairs = {
        (pair.get("pipeline_id"), pair.get("status_id"))
        for pair in (stages.values() if isinstance(stages, dict) else ())
        if isinstance(pair, dict)
    }
    stage = (str(row.get("pipeline_id")), str(row.get("status_id")))
    return (
        in_ranges(row, wanted)
        and (not ids or str(row["id"]) in ids)
        and (not pipelines or stage[0] in pipelines)
        and (not pairs or stage in pairs)
    )


def in_ranges(row: Document, wanted: Array) -> bool:
    """Tell whether a row lies in every range asked for, both ends included."""
    for name in RANGES:
        edges = wanted.get(name)
        if not isinstance(edges, dict):
            continue
        value = row.get(name) or 0
        low, high = str(edges.get("from", "")), str(edges.get("to", ""))
        if low.isdecimal() and value < int(low):
            return False
        if high.isdecimal() and value > int(high):
            return False
    return True


def values(wanted: object) -> set[str]:
    """Read one value, a list of values or values with commas."""
    if isinstance(wanted, dict):
        return {value for value in wanted.values() if isinstance(value, str)}
    return set(wanted.split(",")) if isinstance(wanted, str) and wanted else set()


def ordered(rows: Iterable[Document], order: object) -> list[Document]:
    """Sort as asked; no order is promised for equals, nor when none is asked."""
    shuffled = sorted(rows, key=lambda row: row["id"] * 2654435761 % 2**32)
    for name, direction in order.items() if isinstance(order, dict) else ():
        if name in ORDERS:
            downwards = direction == "desc"
            return sorted(
                shuffled, key=lambda row: row.get(name) or 0, reverse=downwards
            )
    return shuffled
