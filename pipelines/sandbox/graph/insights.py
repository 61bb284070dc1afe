"""Insights as Facebook computes them: which rows a question selects, and what they say.

The question's shape belongs to `questions.py`, the days themselves to the story.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pipelines.sandbox.graph.filters import HIDDEN_STATUSES, effective_status
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.graph.questions import HOURLY, Question
from pipelines.sandbox.graph.totals import totals
from pipelines.sandbox.graph.windows import with_windows
from pipelines.sandbox.story.world import FacebookWorld

PERIOD = frozenset({"date_start", "date_stop"})


def selected_rows(facebook: FacebookWorld, question: Question) -> list[Document]:
    """Return the rows that answer a question, as the story tells them."""
    if question.is_hourly:
        return _of_days(facebook.account_hours, question)
    if question.level == "account" and not question.rules:
        return _of_days(facebook.account_days, question)
    rows = selected_ad_days(facebook, question)
    return rows if question.level == "ad" else totals(rows, level=question.level)


def said(
    row: Document,
    question: Question,
    *,
    silent_windows: Collection[str] = (),
    silent_fields: Collection[str] = (),
) -> Document:
    """Return what Facebook says of a row: the requested fields and windows only.

    What is silent is asked for in vain, without an error.
    """
    names = {*PERIOD, *question.fields} - set(silent_fields)
    if question.is_hourly:
        names.add(HOURLY)
    windows = tuple(one for one in question.windows if one not in silent_windows)
    return {
        name: with_windows(value, windows)
        for name, value in row.items()
        if name in names
    }


def selected_ad_days(facebook: FacebookWorld, question: Question) -> list[Document]:
    """Return the ad rows that a question looks at, whatever its level."""
    values = _Values(facebook)
    hides = question.level == "ad" and not any(
        rule.field == "ad.effective_status" for rule in question.rules
    )
    return [
        row
        for row in _of_days(facebook.ad_days, question)
        if not (hides and values.status("ad", row["ad_id"]) in HIDDEN_STATUSES)
        and (
            not question.rules
            or all(rule.fits(values.of(row)) for rule in question.rules)
        )
    ]


def _of_days(rows: Iterable[Document], question: Question) -> list[Document]:
    digits = question.account_id.removeprefix("act_")
    since, until = question.since.isoformat(), question.until.isoformat()
    return [
        row
        for row in rows
        if row["account_id"] == digits and since <= row["date_start"] <= until
    ]


class _Values:
    """What the rules of a question may look at, for one row."""

    def __init__(self, facebook: FacebookWorld) -> None:
        objects: Mapping[str, Iterable[Document]] = {
            "ad": facebook.ads,
            "adset": facebook.ad_sets,
            "campaign": facebook.campaigns,
        }
        self._statuses = {
            kind: {one["id"]: effective_status(one) for one in documents}
            for kind, documents in objects.items()
        }

    def status(self, kind: str, object_id: str | None) -> str:
        """Return an object's status; what is nowhere listed has been deleted."""
        return self._statuses[kind].get(object_id or "", "DELETED")

    def of(self, row: Document) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for kind in self._statuses:
            object_id = row.get(f"{kind}_id")
            values[f"{kind}.id"] = object_id
            values[f"{kind}.effective_status"] = self.status(kind, object_id)
        return values
