"""What is asked of an account's days, and what a reading of it holds.

How the answer is got belongs to `insights.py`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.extract.facebook import fields
from pipelines.extract.facebook.pages import Document

Window = tuple[date, date]

WHOLE_ROW = "*"
REPORT_JOB, DAYS = "report job", "days"
# From the easiest to the hardest, as a certificate names them.
STEPS = (
    "pages of 500", "pages of 250", "pages of 100", "pages of 25",
    REPORT_JOB, DAYS, "campaigns", "ad sets", "ads", "fields",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A kind of question: what is asked of each day, and what makes a row unique."""

    table: str
    level: str
    fields: tuple[str, ...]
    keys: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ()


AD_DAYS = Report(
    "ad_insights",
    "ad",
    fields.AD_INSIGHTS,
    keys=("ad_id",),
    statuses=fields.INSIGHTS_AD_STATUSES,
    windows=fields.ATTRIBUTION_WINDOWS,
)
# No status filter: the account's own total holds what no ad shows any more.
ACCOUNT_DAYS = Report("account_insights", "account", fields.ACCOUNT_INSIGHTS)
ACCOUNT_HOURS = Report(
    "hourly_insights",
    "account",
    fields.HOURLY_INSIGHTS,
    keys=(fields.HOUR,),
    breakdowns=(fields.HOUR,),
)


@dataclass(frozen=True)
class Question:
    """A report on some days of an account, of all its objects or of named ones."""

    account_id: str
    report: Report
    window: Window
    # A field to filter by, such as campaign.id, and the ids.
    only: tuple[str, tuple[str, ...]] | None = None

    @property
    def path(self) -> tuple[str, str]:
        return (self.account_id, "insights")

    @property
    def params(self) -> dict[str, Any]:
        first, last = self.window
        asked: dict[str, Any] = {
            "level": self.report.level,
            "fields": ",".join(self.report.fields),
            "time_increment": 1,
            "time_range": {"since": str(first), "until": str(last)},
        }
        if self.report.windows:
            asked["action_attribution_windows"] = list(self.report.windows)
        if self.report.breakdowns:
            asked["breakdowns"] = ",".join(self.report.breakdowns)
        if filters := list(self._filters()):
            asked["filtering"] = filters
        return asked

    def _filters(self) -> Iterator[dict[str, Any]]:
        if self.report.statuses:
            # Deleted ads would be left out; the filter survives every division.
            yield _is_one_of("ad.effective_status", self.report.statuses)
        if self.only:
            yield _is_one_of(*self.only)

    @property
    def digest(self) -> str:
        """Name the question by its content, so that two reads can be compared."""
        text = json.dumps([*self.path, self.params], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _is_one_of(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"field": name, "operator": "IN", "value": list(values)}


@dataclass(frozen=True)
class Gap:
    """What one day lacks although it was asked for alone: a field, or a whole row."""

    stat_date: date
    level: str
    object_id: str
    field: str
    reason: str


@dataclass
class Reading:
    """The rows of a question by key, with what it took to get them."""

    rows: dict[tuple[str, ...], Document] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    step: str = STEPS[0]
    # Shared by the readings of a question's parts.
    refusals: list[str] = field(default_factory=list)

    @property
    def is_in_parts(self) -> bool:
        """Tell whether the whole was refused already."""
        return STEPS.index(self.step) >= STEPS.index(DAYS)

    def part(self) -> "Reading":
        """Return an empty reading of a part of the same question."""
        return Reading(step=DAYS, refusals=self.refusals)

    def add(self, question: Question, rows: Sequence[Document]) -> None:
        """Take rows; of those that repeat a key the later one is newer."""
        for row in rows:
            self.rows[(str(row.get("date_start")), *_key(question, row))] = row

    def note(self, step: str) -> None:
        """Remember the hardest step that was needed."""
        self.step = max(self.step, step, key=STEPS.index)


def _key(question: Question, row: Document) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in question.report.keys)


def in_words(question: Question) -> str:
    """Return the days of a question as a person writes them."""
    first, last = question.window
    return str(first) if first == last else f"{first}..{last}"
