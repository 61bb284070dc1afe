"""Insights, read down a ladder: whatever Facebook can be made to give of some days.

A question that is too large, or that Facebook cannot answer, is asked again as a report
job, then by days, campaigns, ad sets and ads, at last field by field. What is missing
even then is a gap. Pages and their sizes belong to `client.py`, jobs to `reports.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from pipelines.extract.facebook import fields
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.extract.facebook.pacing import Timer
from pipelines.extract.facebook.pages import Document
from pipelines.extract.facebook.reports import run_report

Window = tuple[date, date]
Progress = Callable[[str], None]
# Account, level and the parent's id (None: the account) → ids that are known anyway.
Known = Callable[[str, str, str | None], Sequence[str]]

# Further down a refusal is expected, and waiting for a better one costs time.
ATTEMPTS_BELOW = 2
# More holes than this are no poisoned ads: something else is wrong.
MOST_GAPS = 50
WHOLE_ROW = "*"
# These may be answered in smaller pieces; everything else is final.
DIVISIBLE = frozenset({Kind.TOO_LARGE, Kind.JOB, Kind.TRANSIENT})
# The objects that a day is divided by: level, its id, and what the step is called.
DIVISIONS = (
    ("campaign", "campaign_id", "campaign.id", "campaigns"),
    ("adset", "adset_id", "adset.id", "ad sets"),
    ("ad", "ad_id", "ad.id", "ads"),
)
REPORT_JOB = "report job"
# From the easiest to the hardest, as a certificate names them.
STEPS = (
    "pages of 500", "pages of 250", "pages of 100", "pages of 25",
    REPORT_JOB, "days", "campaigns", "ad sets", "ads", "fields",
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

    def add(self, question: Question, rows: Sequence[Document]) -> None:
        """Take rows; of those that repeat a key the later one is newer."""
        for row in rows:
            key = (question.report.keys and _key(question, row)) or ()
            self.rows[(str(row.get("date_start")), *key)] = row

    def note(self, step: str) -> None:
        """Remember the hardest step that was needed."""
        self.step = max(self.step, step, key=STEPS.index)


def _key(question: Question, row: Document) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in question.report.keys)


class InsightsReader:
    """Reads insights of one credential's accounts; remembers what each could answer."""

    def __init__(
        self,
        client: GraphClient,
        timer: Timer,
        *,
        known: Known | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._timer = timer
        self._known = known or (lambda account_id, level, parent: ())
        self._say = on_progress or (lambda text: None)
        self._jobs_only: set[str] = set()

    def read(self, question: Question) -> Reading:
        """Read all rows of a question; raises GraphError, and then nothing is known."""
        reading = Reading()
        self._read(question, reading)
        return reading

    def begin_with(self, account_id: str, step: str) -> None:
        """Begin an account on the step of the ladder that worked for it before."""
        place = STEPS.index(step) if step in STEPS else 0
        if place >= STEPS.index(REPORT_JOB):
            self._jobs_only.add(account_id)
        else:
            size = int(STEPS[place].rpartition(" ")[2])
            self._client.begin_with((account_id, "insights"), size)

    def _read(self, question: Question, reading: Reading) -> None:
        try:
            self._ask(question, reading)
            return
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            refusal = error
        self._refuse_outage(question, refusal)
        if question.window[0] < question.window[1]:
            self._read_by_days(question, reading)
        elif question.report is AD_DAYS:
            self._divide(question, reading, refusal, depth=0)
        else:
            raise refusal

    def _read_by_days(self, question: Question, reading: Reading) -> None:
        first, last = question.window
        middle = first + (last - first) // 2
        self._say(f"{question.account_id}: {first}..{last} is too much at once")
        reading.note("days")
        self._read(replace(question, window=(first, middle)), reading)
        later = (middle + timedelta(days=1), last)
        self._read(replace(question, window=later), reading)

    def _ask(self, question: Question, reading: Reading) -> None:
        """Ask at once, then by a report job when that was too much."""
        account_id = question.account_id
        attempts = ATTEMPTS_BELOW if question.only else None
        if account_id not in self._jobs_only:
            try:
                self._ask_at_once(question, reading, attempts)
                return
            except GraphError as error:
                if error.kind not in DIVISIBLE or question.only:
                    raise
                is_too_large = error.kind is Kind.TOO_LARGE
            self._say(f"{account_id}: asking for {_days(question)} by a report job")
        else:
            is_too_large = True
        reading.note(REPORT_JOB)
        for page in run_report(
            self._client,
            account_id,
            question.params,
            timer=self._timer,
            on_created=reading.jobs.append,
            on_progress=self._say,
        ):
            reading.add(question, page.rows)
        if is_too_large:
            self._jobs_only.add(account_id)

    def _ask_at_once(
        self, question: Question, reading: Reading, attempts: int | None
    ) -> None:
        for page in self._client.pages(
            question.path,
            question.params,
            account_id=question.account_id,
            attempts=attempts,
        ):
            reading.add(question, page.rows)
            reading.note(f"pages of {page.limit}")

    def _refuse_outage(self, question: Question, refusal: GraphError) -> None:
        """Raise when Facebook answers nothing at all: no division helps then."""
        if refusal.kind is not Kind.TRANSIENT:
            return
        account_id = question.account_id
        try:
            self._client.node(
                account_id, ("id",), account_id=account_id, attempts=ATTEMPTS_BELOW
            )
        except GraphError:
            raise refusal from None

    def _divide(
        self, question: Question, reading: Reading, refusal: GraphError, *, depth: int
    ) -> None:
        """Read one day by its campaigns, ad sets and ads, at last by fields."""
        if depth == len(DIVISIONS):
            self._read_by_fields(question, reading, refusal)
            return
        _, _, filter_field, step = DIVISIONS[depth]
        reading.note(step)
        self._say(f"{question.account_id}: {_days(question)} is read by {step}")
        ids = self._list_ids(question, refusal, depth)
        self._halve(question, reading, ids, (filter_field, depth, refusal))

    def _list_ids(
        self, question: Question, refusal: GraphError, depth: int
    ) -> tuple[str, ...]:
        """List the objects that ran on a day; those we know when Facebook cannot."""
        level, id_field, _, _ = DIVISIONS[depth]
        listed = Report(
            "ids", level, (id_field,), (id_field,), statuses=question.report.statuses
        )
        found = Reading()
        try:
            self._ask(replace(question, report=listed), found)
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            parent = question.only[1][0] if question.only else None
            known = tuple(self._known(question.account_id, level, parent))
            if not known:
                raise refusal from None
            return known
        return tuple(sorted({key[-1] for key in found.rows}))

    def _halve(
        self,
        question: Question,
        reading: Reading,
        ids: tuple[str, ...],
        place: tuple[str, int, GraphError],
    ) -> None:
        """Read some objects together; halve them until each refusal has one object."""
        if not ids:
            return
        filter_field, depth, _ = place
        some = replace(question, only=(filter_field, ids))
        try:
            self._ask(some, reading)
            return
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            refusal = error
        if len(ids) == 1:
            self._divide(some, reading, refusal, depth=depth + 1)
            return
        half = len(ids) // 2
        self._halve(question, reading, ids[:half], place)
        self._halve(question, reading, ids[half:], place)

    def _read_by_fields(
        self, question: Question, reading: Reading, refusal: GraphError
    ) -> None:
        """Read one ad's day in groups of fields; those that fail alone are gaps."""
        # What looks like poison may be an outage that began meanwhile.
        self._refuse_outage(question, refusal)
        reading.note("fields")
        assert question.only is not None
        ad_id = question.only[1][0]
        identity = tuple(
            name for name in question.report.fields if name in fields.IDENTITY
        )
        parts = Reading()
        missing: list[str] = []
        try:
            self._ask_fields(question, parts, identity)
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            missing = [WHOLE_ROW]
        else:
            rest = [n for n in question.report.fields if n not in fields.IDENTITY]
            self._halve_fields(question, parts, rest, missing)
        for key, row in parts.rows.items():
            reading.rows[key] = row
        day = question.window[0]
        reading.gaps += [
            Gap(day, "ad", ad_id, name, refusal.message) for name in missing
        ]
        if len(reading.gaps) > MOST_GAPS:
            raise refusal

    def _halve_fields(
        self,
        question: Question,
        parts: Reading,
        names: Sequence[str],
        missing: list[str],
    ) -> None:
        if not names:
            return
        try:
            self._ask_fields(question, parts, tuple(names))
            return
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
        if len(names) == 1:
            missing.append(names[0])
            return
        half = len(names) // 2
        self._halve_fields(question, parts, names[:half], missing)
        self._halve_fields(question, parts, names[half:], missing)

    def _ask_fields(
        self, question: Question, parts: Reading, names: tuple[str, ...]
    ) -> None:
        """Ask for some fields of an ad's day and unite them with what is known."""
        asked = tuple(dict.fromkeys((*question.report.keys, *names)))
        answer = Reading()
        report = replace(question.report, fields=asked)
        self._ask(replace(question, report=report), answer)
        for key, row in answer.rows.items():
            parts.rows[key] = {**parts.rows.get(key, {}), **row}


def _days(question: Question) -> str:
    first, last = question.window
    return str(first) if first == last else f"{first}..{last}"
