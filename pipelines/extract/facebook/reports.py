"""Insights by a report job: asked for, watched until it is done, and read.

Which questions need a job belongs to `insights.py`, single calls to `client.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import GraphError, Kind, matching_rule
from pipelines.extract.facebook.pacing import Timer
from pipelines.extract.facebook.pages import Document, Page
from pipelines.extract.facebook.usage import INSIGHTS

FIRST_LOOK_SECONDS = 2.0
LONGEST_LOOK_SECONDS = 30.0
LOOK_GROWTH = 1.5
# A job that has not begun by then was forgotten.
NOT_STARTED_SECONDS = 600.0
# Facebook says that a report takes up to an hour.
JOB_SECONDS = 3600.0
# For so long after its creation a job may not be found yet.
YOUNG_SECONDS = 300.0
SUBMISSIONS = 2

COMPLETED = "job completed"
NOT_STARTED = "job not started"
ENDED_BADLY = frozenset({"job failed", "job skipped"})
# Of a job: it is not there (any more). Of anything else: no permission.
NOT_FOUND = ((100, 33), (2601, 1815107))
# A job that failed of these fails again, or until a limit lifts.
FINAL = frozenset({Kind.TOO_LARGE, Kind.AUTH, Kind.PERMISSION, Kind.CONFIG, Kind.RATE})
JOB_FIELDS = (
    "async_status",
    "async_percent_completion",
    "error_code",
    "error_subcode",
    "error_message",
    "error_user_msg",
)

Say = Callable[[str], None]


class ReportFailed(GraphError):
    """A question that no report job answered; `jobs` are the ids of those tried."""

    def __init__(self, message: str, *, jobs: tuple[str, ...]) -> None:
        super().__init__(message, kind=Kind.JOB)
        self.jobs = jobs


class JobLost(Exception):
    """This job will give nothing; another one may."""


@dataclass(frozen=True)
class Job:
    """A report job, and when it was created."""

    job_id: str
    created: float


def run_report(
    client: GraphClient,
    account_id: str,
    params: Mapping[str, Any],
    *,
    timer: Timer,
    on_created: Say | None = None,
    on_progress: Say | None = None,
) -> Iterator[Page]:
    """Let Facebook answer an insights question in the background; yield its pages.

    A job that fails, is skipped, expires or gets stuck is submitted once more; then
    ReportFailed. No row comes twice: once pages were yielded, no other job is tried.
    """
    jobs: list[str] = []
    reasons: list[str] = []
    say = on_progress or (lambda text: None)
    for _ in range(SUBMISSIONS):
        begun = False
        try:
            job = _submit(client, account_id, params, timer)
            jobs.append(job.job_id)
            if on_created:
                on_created(job.job_id)
            _wait_until_done(client, account_id, job, timer)
            for page in _result(client, account_id, job):
                begun = True
                yield page
        except JobLost as lost:
            reasons.append(str(lost))
            say(f"{account_id}: {lost}")
            if begun:
                break
        else:
            return
    raise ReportFailed("; ".join(reasons), jobs=tuple(jobs))


def _submit(
    client: GraphClient, account_id: str, params: Mapping[str, Any], timer: Timer
) -> Job:
    fields = params.get("fields", ())
    names = fields.split(",") if isinstance(fields, str) else list(fields)
    # The one place where Graph wants the fields as a list.
    asked = {**params, "fields": names}
    answer = client.post((account_id, "insights"), asked, account_id=account_id)
    job_id = str(answer.get("report_run_id") or "")
    if not (job_id.isascii() and job_id.isdigit()):
        raise JobLost("the answer names no report job")
    return Job(job_id, timer.now())


def _wait_until_done(
    client: GraphClient, account_id: str, job: Job, timer: Timer
) -> None:
    pause = FIRST_LOOK_SECONDS
    while True:
        timer.sleep(pause)
        pause = min(pause * LOOK_GROWTH, LONGEST_LOOK_SECONDS)
        state = _look(client, account_id, job, timer)
        status = str(state.get("async_status", "")).strip().lower()
        percent = state.get("async_percent_completion")
        if status == COMPLETED and str(percent) in ("100", "100.0"):
            return
        if status in ENDED_BADLY:
            failure = _failure(job, state)
            if isinstance(failure, GraphError) and failure.kind is Kind.RATE:
                client.note_refusal(failure, account_id=account_id)
                raise JobLost(f"report job {job.job_id} met a limit ({failure})")
            raise failure
        age = timer.now() - job.created
        is_forgotten = status == NOT_STARTED and age > NOT_STARTED_SECONDS
        if is_forgotten or age > JOB_SECONDS:
            shown = state.get("async_status") or "without a status"
            minutes = f"after {age / 60:.0f} minutes"
            raise JobLost(
                f"report job {job.job_id} is {shown} at {percent} % {minutes}"
            )


def _look(client: GraphClient, account_id: str, job: Job, timer: Timer) -> Document:
    try:
        return client.node(
            job.job_id,
            JOB_FIELDS,
            account_id=account_id,
            use_case=INSIGHTS,
            young_job=timer.now() - job.created < YOUNG_SECONDS,
        )
    except GraphError as error:
        raise _lost_or_same(job, error) from None


def _result(client: GraphClient, account_id: str, job: Job) -> Iterator[Page]:
    path = (job.job_id, "insights")
    try:
        # The job has just said that it is done: a result that is not there yet comes.
        yield from client.pages(path, {}, account_id=account_id, young_job=True)
    except GraphError as error:
        raise _lost_or_same(job, error) from None


def _lost_or_same(job: Job, error: GraphError) -> Exception:
    if (error.code, error.subcode) in NOT_FOUND:
        return JobLost(f"report job {job.job_id} is not there ({error})")
    return error


def _failure(job: Job, state: Document) -> Exception:
    """Return what a job ended with: an error that would come again, or its loss."""
    code, subcode = _number(state, "error_code"), _number(state, "error_subcode")
    texts = (state.get("error_message"), state.get("error_user_msg"))
    message = " - ".join(dict.fromkeys(str(text) for text in texts if text))
    rule = matching_rule(code, subcode=subcode, message=message, young_job=True)
    if rule and rule.kind in FINAL:
        message = message or "a report job failed without a word"
        return GraphError(message, kind=rule.kind, code=code, subcode=subcode)
    percent = state.get("async_percent_completion")
    reason = f" (error {code}/{subcode}: {message})" if code is not None else ""
    status = state.get("async_status")
    return JobLost(f"report job {job.job_id} ended as {status} at {percent} %{reason}")


def _number(state: Document, name: str) -> int | None:
    try:
        return int(str(state.get(name)))
    except ValueError:
        return None
