"""What `filter` and `order` of an AmoCRM list do to its rows.

Only the choosing: pages and refusals belong to `crm/`.
"""

from collections.abc import Callable, Collection, Iterable

from pipelines.sandbox.php import Array
from pipelines.sandbox.story.world import Document

RANGES = ("created_at", "updated_at", "closed_at", "closest_task_at")
# Filters of one value or of many, and the fields that they look at.
VALUES = {
    "id": "id",
    "pipeline_id": "pipeline_id",
    "responsible_user_id": "responsible_user_id",
    "created_by": "created_by",
    "updated_by": "updated_by",
    "entity_type": "entity_type",
    "entity_id": "entity_id",
    "task_type": "task_type_id",
}
ORDERS = ("created_at", "updated_at", "id")
TASK_ORDERS = ("created_at", "complete_till", "id")
Choice = Callable[[Document], bool]


def chooser(wanted: Array) -> Choice:
    """Return what tells whether a row passes; an odd filter is no filter at all."""
    choices = [*_in_ranges(wanted), *_among_values(wanted), *_in_stages(wanted)]
    return lambda row: all(choice(row) for choice in choices)


def values(wanted: object) -> set[str]:
    """Read one value, a list of values or values with commas."""
    if isinstance(wanted, dict):
        return {value for value in wanted.values() if isinstance(value, str)}
    return set(wanted.split(",")) if isinstance(wanted, str) and wanted else set()


def ordered(
    rows: Iterable[Document], order: object, *, orders: Collection[str] = ORDERS
) -> list[Document]:
    """Sort as asked; no order is promised for equals, nor when none is asked."""
    shuffled = sorted(rows, key=lambda row: row["id"] * 2654435761 % 2**32)
    for name, direction in order.items() if isinstance(order, dict) else ():
        if name in orders:
            downwards = direction == "desc"
            return sorted(
                shuffled, key=lambda row: row.get(name) or 0, reverse=downwards
            )
    return shuffled


def _in_ranges(wanted: Array) -> Iterable[Choice]:
    """Yield the ranges asked for, both ends included."""
    for name in RANGES:
        edges = wanted.get(name)
        if not isinstance(edges, dict):
            continue
        low, high = str(edges.get("from", "")), str(edges.get("to", ""))
        least = int(low) if low.isdecimal() else None
        most = int(high) if high.isdecimal() else None
        yield _range(name, least, most)


def _range(name: str, least: int | None, most: int | None) -> Choice:
    def choice(row: Document) -> bool:
        value = row.get(name) or 0
        return (least is None or value >= least) and (most is None or value <= most)

    return choice


def _among_values(wanted: Array) -> Iterable[Choice]:
    for name, field in VALUES.items():
        if among := values(wanted.get(name)):
            yield _member(field, among)
    completed = wanted.get("is_completed")
    if completed in ("0", "1"):
        yield lambda row: bool(row.get("is_completed")) is (completed == "1")


def _member(field: str, among: set[str]) -> Choice:
    return lambda row: str(row.get(field)) in among


def _in_stages(wanted: Array) -> Iterable[Choice]:
    stages = wanted.get("statuses")
    pairs = {
        (pair.get("pipeline_id"), pair.get("status_id"))
        for pair in (stages.values() if isinstance(stages, dict) else ())
        if isinstance(pair, dict)
    }
    if pairs:
        yield (
            lambda row: (
                (str(row.get("pipeline_id")), str(row.get("status_id"))) in (pairs)
            )
        )
