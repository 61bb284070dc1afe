"""The certificate of a read: what was asked, what it took, what came back.

It is kept in the load log beside the rows it speaks for, and shown in the UI as the
answer to "is yesterday final, and how do we know?".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.extract.facebook.questions import Question, Reading

Document = dict[str, Any]
# What an action holds beside the values of its attribution windows.
NO_WINDOW = frozenset({"value"})


@dataclass(frozen=True)
class Effort:
    """Calls and pages that a read has taken, and its seconds."""

    calls: int
    pages: int
    seconds: float


def certify(
    question: Question,
    reading: Reading,
    rows: Sequence[Document],
    *,
    effort: Effort,
    api_version: str,
    zone: str,
    currency: str | None,
) -> Document:
    """Return what the load log keeps of a read, as plain JSON."""
    payloads = [row["payload"] for row in rows]
    windows = question.report.windows
    return {
        "calls": effort.calls,
        "pages": effort.pages,
        "seconds": effort.seconds,
        "rows": len(rows),
        "spend": str(total_spend(payloads)),
        "step": reading.step,
        "jobs": reading.jobs,
        "gaps": len(reading.gaps),
        "request": question.digest,
        "api_version": api_version,
        "zone": zone,
        "currency": currency,
        "windows": list(windows),
        "fields": sorted(question.report.fields),
        "fields_returned": sorted({name for row in payloads for name in row}),
        "windows_returned": sorted(_windows_in(payloads) & set(windows)),
    }


def total_spend(payloads: Iterable[Mapping[str, Any]]) -> Decimal:
    """Add up the spend of insights rows, in the account's currency."""
    return sum((number(row.get("spend")) for row in payloads), Decimal(0))


def number(value: object) -> Decimal:
    """Read one of Facebook's figures; an absent one is 0."""
    try:
        found = Decimal(str(value or 0))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _windows_in(payloads: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        name
        for row in payloads
        for value in row.values()
        if isinstance(value, list)
        for action in value
        if isinstance(action, dict)
        for name in action
        if name not in NO_WINDOW
    }
