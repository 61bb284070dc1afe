"""What all cursor-paged edges share: checked fields, faults, one page of the answer.

Which rows an edge has belongs to the modules beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document, Habits, page, select_fields
from pipelines.sandbox.graph.state import Asked, Graph


def listing(
    graph: Graph, documents: Sequence[Document], asked: Asked, *, of: type
) -> Document:
    """Return a page of documents, each with the requested fields."""
    fields = checked_fields(asked.params, of=of)
    silent = graph.faults.silent_fields
    kept = [name for name in fields if name not in silent]
    rows = [select_fields(document, kept) for document in documents]
    return rows_page(graph, rows, asked)


def rows_page(graph: Graph, rows: Sequence[Document], asked: Asked) -> Document:
    """Return a page of rows, with the paging faults of this edge."""
    faults = graph.faults
    edge = asked.url.rstrip("/").rsplit("/", 1)[-1]
    is_odd = not faults.paging_edges or edge in faults.paging_edges
    graph.listings += 1
    habits = Habits(
        largest=graph.page_size,
        fault=faults.paging if is_odd else None,
        order=graph.listings if faults.shuffle else 0,
        extra_count=faults.total_count_extra,
    )
    return page(rows, asked.params, url=asked.url, habits=habits)


def checked_fields(
    params: Mapping[str, str], *, of: type, default: str = "id"
) -> list[str]:
    """Return the requested fields; refuse one that the SDK's class does not know."""
    enum: Any = of
    known = {value for value in vars(enum.Field).values() if isinstance(value, str)}
    fields = [name.strip() for name in params.get("fields", default).split(",")]
    for name in fields:
        if name.split("{")[0] not in known:
            raise refusals.unknown_field(name, kind=of.__name__)
    return fields
