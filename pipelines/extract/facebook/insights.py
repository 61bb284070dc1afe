"""Insights, read down a ladder: whatever Facebook can be made to give of some days.

A question that is too large, or that Facebook cannot answer, is asked again as a report
job, then by days; `dividing.py` takes a single day apart. Pages and their sizes belong
to `client.py`, jobs to `reports.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.dividing import DIVISIBLE, Divider, Known, refuse_outage
from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.extract.facebook.pacing import Timer
from pipelines.extract.facebook.questions import (
    AD_DAYS,
    REPORT_JOB,
    STEPS,
    Question,
    Reading,
    in_words,
)
from pipelines.extract.facebook.reports import run_report

Progress = Callable[[str], None]

# Further down a refusal is expected, and waiting for a better one costs time.
ATTEMPTS_BELOW = 2
# More refused pieces than this: it is not one ad that is ill.
MOST_REFUSALS = 150


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
        self._say = on_progress or (lambda text: None)
        self._divider = Divider(client, self._ask, known=known, on_progress=self._say)
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
        refuse_outage(self._client, question, refusal)
        if question.window[0] < question.window[1]:
            self._read_by_days(question, reading)
        elif question.report is AD_DAYS:
            self._divider.read_day(question, reading, refusal)
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
        """Ask for the whole or a part; too many refused parts end the reading."""
        try:
            self._ask_somehow(question, reading)
        except GraphError as error:
            if error.kind in DIVISIBLE:
                reading.refusals.append(error.message)
            if len(reading.refusals) > MOST_REFUSALS:
                raise GraphError(
                    f"{len(reading.refusals)} parts of {in_words(question)} were "
                    f"refused, the last with: {error}",
                    kind=Kind.FAILING,
                ) from None
            raise

    def _ask_somehow(self, question: Question, reading: Reading) -> None:
        """Ask at once, then by a report job when that was too much."""
        account_id = question.account_id
        is_part = bool(question.only) or reading.is_in_parts
        attempts = ATTEMPTS_BELOW if is_part else None
        if account_id not in self._jobs_only:
            try:
                self._ask_at_once(question, reading, attempts)
                return
            except GraphError as error:
                is_too_large = error.kind is Kind.TOO_LARGE
                if error.kind not in DIVISIBLE or question.only:
                    raise
                if reading.is_in_parts and not is_too_large:
                    raise
            self._say(f"{account_id}: asking for {in_words(question)} by a report job")
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
