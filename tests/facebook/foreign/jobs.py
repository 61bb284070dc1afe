"""Report jobs: made by a POST, polled, then read in pages; each with its own troubles.

What their rows are belongs to `insights.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.facebook.foreign.asking import Question, Refusal

Document = dict[str, Any]
Rows = Callable[[], list[Document]]
State = tuple[str, int]

DONE: State = ("Job Completed", 100)
# Each script is answered poll by poll; its last state stays.
SCRIPTS: dict[str, tuple[State, ...]] = {
    "quick": (DONE,),
    "plain": (("Job Not Started", 0), ("Job Started", 0), ("Job Running", 40), DONE),
    "full but running": (("Job Running", 100), ("Job Running", 100), DONE),
    "completed early": (("Job Completed", 87), ("Job Completed", 99), DONE),
    "failed": (("Job Running", 10), ("Job Failed", 10)),
    "skipped": (("Job Skipped", 0),),
    "never started": (("Job Not Started", 0),),
    "stuck": (("Job Running", 100),),
    "young 33": (DONE,),
    "young 2601": (DONE,),
    "unreadable poll": (("", 0), DONE),
}
HARMLESS = ("quick", "plain", "full but running", "completed early")
YOUNG = {"young 33": (100, 33), "young 2601": (2601, 1815107)}


@dataclass
class Job:
    """One report run."""

    run_id: str
    account: str
    question: Question
    rows: Rows
    script: str
    polls: int = 0
    refusals: int = 2


@dataclass
class Jobs:
    """All report runs; `troubles` are the scripts of the next ones."""

    random: Random
    troubles: list[str] = field(default_factory=list)
    by_id: dict[str, Job] = field(default_factory=dict)

    def create(self, question: Question, rows: Rows) -> Document:
        """Start a job; what it cannot answer makes it fail later."""
        if not question.params.get("fields", "").startswith("["):
            raise Refusal(100, "(#100) a job's fields are a JSON list")
        script = self.troubles.pop(0) if self.troubles else self.random.choice(HARMLESS)
        try:
            rows()
        except Refusal as refusal:
            if refusal.code not in (1, 2):
                raise
            script = "failed"
        run_id = f"77{self.random.getrandbits(48)}"
        job = Job(run_id, question.account, question, rows, script)
        self.by_id[run_id] = job
        return {"report_run_id": run_id}

    def poll(self, run_id: str) -> Document:
        """Tell how far a job is; a question too early gets a refusal."""
        job = self.by_id[run_id]
        states = SCRIPTS[job.script]
        status, done = states[min(job.polls, len(states) - 1)]
        job.polls += 1
        if job.script == "young 33" and job.refusals > 1:
            job.refusals -= 1
            raise _young(job)
        answer: Document = {
            "id": run_id,
            "account_id": job.account,
            "time_ref": 1,
            "async_status": status,
            "async_percent_completion": done,
            "is_running": status == "Job Running",
        }
        if not status:
            del answer["async_status"], answer["async_percent_completion"]
        return answer

    def result(self, run_id: str) -> tuple[Job, list[Document]]:
        """Return a finished job and its rows."""
        job = self.by_id[run_id]
        if job.script in YOUNG and job.refusals:
            job.refusals -= 1
            raise _young(job)
        if job.script in ("failed", "skipped", "never started", "stuck"):
            raise Refusal(100, "(#100) the job has no result", subcode=1815109)
        return job, job.rows()


def _young(job: Job) -> Refusal:
    code, subcode = YOUNG.get(job.script, (100, 33))
    return Refusal(
        code,
        f"Unsupported get request. Object with ID '{job.run_id}' does not exist, "
        "cannot be loaded due to missing permissions",
        subcode=subcode,
    )
