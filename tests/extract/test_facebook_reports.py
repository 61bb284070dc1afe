"""Report jobs: every state that a job can be in, and what becomes of the question."""

import pytest

from pipelines.extract.facebook.errors import GraphError, Kind, source_error
from pipelines.extract.facebook.reports import ReportFailed, run_report
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from tests.facebook_client import Reached, answering, body, page, reaching, refusal
from tests.facebook_world import FIRST, TODAY, world

PARAMS = {
    "level": "ad",
    "fields": "ad_id,spend",
    "time_increment": 1,
    "time_range": {"since": str(TODAY), "until": str(TODAY)},
    "filtering": [
        {
            "field": "ad.effective_status",
            "operator": "IN",
            "value": ["ACTIVE", "DELETED"],
        }
    ],
}
FIRST_RUN = "6000000000001"
SECOND_RUN = "6000000000002"


class Report:
    """What a report run gave, told and took."""

    def __init__(self, reached: Reached) -> None:
        self.jobs: list[str] = []
        self.told: list[str] = []
        self._pages = run_report(
            reached.client,
            FIRST,
            PARAMS,
            timer=reached.timer,
            on_created=self.jobs.append,
            on_progress=self.told.append,
        )

    def rows(self) -> list[str]:
        return [row.get("ad_id") or row["id"] for one in self._pages for row in one]


def emulated(*states: str, **more):
    return facebook_app(world(ads=3), faults=Faults(job_states=list(states), **more))


def state(status: str, percent: object = 100, **more):
    about = {"async_status": status, "async_percent_completion": percent}
    return body({"id": "7", **about, **more})


CREATED = {"report_run_id": "7"}
ALL_ADS = ["10010000", "10010001", "10010002"]


def test_a_job_is_created_watched_and_read():
    with reaching(emulated()) as reached:
        report = Report(reached)
        rows = report.rows()

    assert rows == ALL_ADS
    assert report.jobs == [FIRST_RUN]
    create, look, again, result = reached.calls
    assert (create.method, create.path) == ("POST", f"{FIRST}/insights")
    assert create.params["fields"] == '["ad_id","spend"]'
    assert '"DELETED"' in create.params["filtering"]
    assert (look.path, again.path) == (FIRST_RUN, FIRST_RUN)
    assert result.path == f"{FIRST_RUN}/insights"
    assert reached.waits == [2, 3]
    assert reached.client.calls_of(FIRST) == 4


@pytest.mark.parametrize("fault", ["failed", "skipped", "expired"])
def test_a_job_that_ends_badly_is_submitted_once_more(fault):
    with reaching(emulated(fault)) as reached:
        report = Report(reached)
        assert report.rows() == ALL_ADS

    assert report.jobs == [FIRST_RUN, SECOND_RUN]
    assert report.told[0].startswith(f"{FIRST}: report job {FIRST_RUN} ")


@pytest.mark.parametrize(
    ("fault", "minutes"), [("stuck_not_started", 10), ("stuck_at_100", 60)]
)
def test_a_job_that_is_stuck_is_submitted_once_more_after_its_time(fault, minutes):
    with reaching(emulated(fault)) as reached:
        report = Report(reached)
        assert report.rows() == ALL_ADS

    assert len(report.jobs) == 2
    assert minutes * 60 < reached.timer.waited < minutes * 60 + 45
    assert f"after {minutes} minutes" in report.told[0]
    assert max(reached.waits) == 30


@pytest.mark.parametrize(
    "fault", ["failed", "skipped", "expired", "stuck_not_started", "stuck_at_100"]
)
def test_a_question_that_two_jobs_do_not_answer_is_given_up(fault):
    with reaching(emulated(fault, fault)) as reached:
        report = Report(reached)
        with pytest.raises(ReportFailed) as failed:
            report.rows()

    assert failed.value.kind is Kind.JOB
    assert failed.value.jobs == (FIRST_RUN, SECOND_RUN)
    shown = source_error(failed.value, table="ad_insights", account_id=FIRST)
    assert FIRST_RUN in str(shown)
    assert SECOND_RUN in str(shown)


@pytest.mark.parametrize("fault", ["young_33", "young_2601"])
def test_a_result_that_is_not_there_yet_is_waited_for(fault):
    with reaching(emulated(fault)) as reached:
        report = Report(reached)
        assert report.rows() == ALL_ADS

    assert report.jobs == [FIRST_RUN]
    assert reached.waits == [2, 3, 1, 2]


def test_a_job_that_is_not_found_at_once_is_looked_for():
    look = (refusal(100, subcode=33), refusal(2601, subcode=1815107))
    app = answering(body(CREATED), *look, state("Job Completed"), page("1"))

    with reaching(app) as reached:
        report = Report(reached)
        assert report.rows() == ["1"]

    assert report.jobs == ["7"]


def test_completed_below_a_hundred_percent_is_not_done():
    looks = (state("Job Completed", 99), state("Job Running"), state("Job Completed"))

    with reaching(answering(body(CREATED), *looks, page("1"))) as reached:
        assert Report(reached).rows() == ["1"]

    assert reached.waits == [2, 3, 4.5]


@pytest.mark.parametrize("percent", ["100", 100.0])
def test_a_hundred_percent_may_be_written_otherwise(percent):
    app = answering(body(CREATED), state("Job Completed", percent), page("1"))

    with reaching(app) as reached:
        assert Report(reached).rows() == ["1"]


@pytest.mark.parametrize("look", [{}, {"async_status": None}, {"async_status": "New"}])
def test_a_state_that_we_do_not_know_is_watched_to_the_end_of_patience(look):
    app = answering(
        lambda request: body(
            CREATED if request.method == "POST" else {"id": "7", **look}
        )
    )

    with (
        reaching(app) as reached,
        pytest.raises(ReportFailed, match="after 60 minutes"),
    ):
        Report(reached).rows()

    assert 7200 < reached.timer.waited < 7300


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (100, 1487534, Kind.TOO_LARGE),
        (190, 463, Kind.AUTH),
        (200, None, Kind.PERMISSION),
        (2, 1504041, Kind.CONFIG),
    ],
)
def test_a_job_that_would_fail_again_is_not_submitted_again(code, subcode, kind):
    failed = state(
        "Job Failed", 40, error_code=code, error_subcode=subcode, error_message="so"
    )

    with reaching(answering(body(CREATED), failed)) as reached:
        report = Report(reached)
        with pytest.raises(GraphError, match="so") as refused:
            report.rows()

    assert refused.value.kind is kind
    assert report.jobs == ["7"]


def test_a_job_that_met_a_limit_waits_before_the_next():
    failed = state("Job Failed", 0, error_code=80000, error_message="too many calls")
    app = answering(
        body(CREATED), failed, body(CREATED), state("Job Completed"), page("1")
    )

    with reaching(app) as reached:
        assert Report(reached).rows() == ["1"]

    assert reached.waits == [2, 60, 2]


def test_an_unknown_code_of_a_job_is_told_and_tried_again():
    failed = state("Job Failed", 0, error_code=424242, error_message="odd")

    with (
        reaching(answering(body(CREATED), failed, body(CREATED), failed)) as reached,
        pytest.raises(ReportFailed, match="424242/None: odd"),
    ):
        Report(reached).rows()


@pytest.mark.parametrize("answer", [{"id": "7"}, {"report_run_id": "../me"}])
def test_a_submission_that_names_no_job_is_made_once_more(answer):
    with (
        reaching(answering(body(answer))) as reached,
        pytest.raises(ReportFailed, match="names no report job"),
    ):
        Report(reached).rows()

    assert len(reached.calls) == 2


def test_pages_of_a_result_are_read_to_the_last():
    pages = (page("1", after="A"), page(after="B"), page("2"))

    with reaching(answering(body(CREATED), state("Job Completed"), *pages)) as reached:
        assert Report(reached).rows() == ["1", "2"]


def test_a_result_that_vanishes_half_read_is_not_begun_again():
    gone = refusal(100, subcode=33)
    app = answering(body(CREATED), state("Job Completed"), page("1", after="A"), gone)

    with reaching(app) as reached:
        report = Report(reached)
        with pytest.raises(ReportFailed, match="is not there"):
            report.rows()

    assert report.jobs == ["7"]


def test_a_throttled_account_starts_no_job_but_may_look_at_one():
    busy = {"X-FB-Ads-Insights-Throttle": '{"acc_id_util_pct": 80}'}
    done = {"async_status": "Job Completed", "async_percent_completion": 100}
    app = answering(
        body({"data": []}, headers=busy),
        body(CREATED, headers=busy),
        body({"id": "7", **done}, headers=busy),
        page("1"),
    )

    with reaching(app) as reached:
        list(reached.client.pages((FIRST, "insights"), {}))
        assert Report(reached).rows() == ["1"]

    spread = 2.5
    assert reached.waits == [60, 2, spread, spread]


def test_the_caller_s_question_is_left_as_it_was():
    before = {**PARAMS}

    with reaching(emulated()) as reached:
        Report(reached).rows()

    assert before == PARAMS
