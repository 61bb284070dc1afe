"""Asynchronous reports: a run is created, looked at until it is done, and then read.

What the rows are belongs to `insights.py`. `faults.job_states` scripts the next runs.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.graph.questions import Question
from pipelines.sandbox.graph.state import Graph, Run

FIRST_RUN_ID = 6_000_000_000_001
# So often the result of a young run is refused before it can be read.
YOUNG_READINGS = 2
RUNNING = ("Job Running", 40)
DONE = ("Job Completed", 100)


def start_run(
    graph: Graph, question: Question, params: Mapping[str, str], *, fails: bool = False
) -> Document:
    """Create a run; `fails` says that its question cannot be answered."""
    if not params.get("fields", "[").startswith("["):
        raise refusals.wrong_parameter("fields", "must be an array.")
    script = graph.faults.next_job() or ("failed" if fails else None)
    run_id = str(FIRST_RUN_ID + len(graph.runs))
    graph.runs[run_id] = Run(question, script)
    return {"report_run_id": run_id}


def look_at_run(graph: Graph, run_id: str) -> Document:
    """Say how far a run is: running at the first look, done at the second."""
    run = graph.runs[run_id]
    run.looks += 1
    if run.script == "expired" and run.looks > 1:
        raise refusals.unknown_object(run_id)
    status, percent = _state(run)
    run.is_done = (status, percent) == DONE
    answer: Document = {
        "id": run_id,
        "account_id": run.question.account_id.removeprefix("act_"),
        "async_status": status,
        "async_percent_completion": percent,
        "date_start": run.question.since.isoformat(),
        "date_stop": run.question.until.isoformat(),
    }
    return answer | (_FAILURE if status == "Job Failed" else {})


def result_of(graph: Graph, run_id: str) -> Question:
    """Return the question whose rows a finished run gives."""
    run = graph.runs[run_id]
    if run.script == "expired" and run.looks > 1:
        raise refusals.unknown_object(run_id)
    if not run.is_done:
        raise refusals.run_not_ready()
    run.readings += 1
    if run.readings <= YOUNG_READINGS:
        if run.script == "young_33":
            raise refusals.unknown_object(run_id)
        if run.script == "young_2601":
            raise refusals.run_not_ready()
    return run.question


def _state(run: Run) -> tuple[str, int]:
    if run.script == "stuck_not_started":
        return "Job Not Started", 0
    if run.looks == 1:
        return RUNNING
    return _SCRIPTED.get(run.script or "", DONE)


_SCRIPTED = {
    "failed": ("Job Failed", 60),
    "skipped": ("Job Skipped", 0),
    "stuck_at_100": ("Job Running", 100),
}
_FAILURE: dict[str, Any] = {
    "error_code": 2,
    "error_subcode": 1504044,
    "error_message": "The report job failed. Please try again later.",
    "error_user_title": "Report job failed",
    "error_user_msg": "Please try again later.",
}
