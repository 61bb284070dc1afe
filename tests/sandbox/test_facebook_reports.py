"""The Facebook emulator's insights gone wrong: size, report runs, poison, silence."""

import pytest
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.exceptions import FacebookRequestError

from tests.facebook_world import FIRST, TODAY, action, ad, days, world
from tests.sandbox.graph import WEEK, asking, error_of

QUESTION = {"level": "ad", "time_increment": 1, "time_range": WEEK}
ROWS = 2 * 5


def run_of(ask) -> AdReportRun:
    run = ask.account.get_insights_async(fields=["ad_id", "spend"], params={**QUESTION})
    return AdReportRun(run["report_run_id"], api=ask.api)


def states(run: AdReportRun, looks: int) -> list[tuple[str, int]]:
    return [
        (answer["async_status"], answer["async_percent_completion"])
        for answer in (run.api_get() for _ in range(looks))
    ]


def refusal(run: AdReportRun) -> tuple[int, int | None]:
    with pytest.raises(FacebookRequestError) as refused:
        list(run.get_insights())
    return refused.value.api_error_code(), refused.value.api_error_subcode()


def rows(run: AdReportRun) -> int:
    return len(list(run.get_insights()))


def test_large_pages_are_refused_and_small_ones_answered():
    with asking(rows_at_most=3) as ask:
        large, small = (ask.insights(limit=limit) for limit in (4, 3))

    assert error_of(large) == (1, None)
    assert "reduce the amount of data" in large.text
    assert len(small.json()["data"]) == 3


def test_too_large_has_other_codes_too():
    with asking(sync_impossible=True, too_large_as=(100, 1487534)) as ask:
        assert error_of(ask.insights(limit=1)) == (100, 1487534)


def test_what_is_impossible_at_once_comes_as_a_report():
    with asking(sync_impossible=True) as ask:
        refused = ask.insights(limit=1)
        run = run_of(ask)

        assert error_of(refused) == (1, None)
        assert states(run, 2) == [("Job Running", 40), ("Job Completed", 100)]
        assert rows(run) == ROWS


def test_a_report_is_not_read_before_it_is_done():
    with asking() as ask:
        run = run_of(ask)

        assert refusal(run) == (2601, 1815107)
        assert states(run, 1) == [("Job Running", 40)]
        assert refusal(run) == (2601, 1815107)


def test_a_report_s_fields_must_be_a_list():
    asked = {**QUESTION, "time_increment": "1"}

    with asking() as ask:
        wrong = ask.post(f"{FIRST}/insights", **asked, fields="ad_id,spend")
        right = ask.post(f"{FIRST}/insights", **asked, fields=["ad_id", "spend"])

    assert error_of(wrong) == (100, None)
    assert list(right.json()) == ["report_run_id"]


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("failed", [("Job Running", 40), ("Job Failed", 60)]),
        ("skipped", [("Job Running", 40), ("Job Skipped", 0)]),
        ("stuck_not_started", [("Job Not Started", 0)] * 2),
        ("stuck_at_100", [("Job Running", 40), ("Job Running", 100)]),
    ],
)
def test_a_run_may_never_be_done_and_the_next_is(script, seen):
    with asking(job_states=[script]) as ask:
        run, another = run_of(ask), run_of(ask)

        assert states(run, 9) == [*seen, *[seen[-1]] * 7]
        assert refusal(run) == (2601, 1815107)
        assert states(another, 2)[-1] == ("Job Completed", 100)


def test_a_failed_run_says_why():
    with asking(job_states=["failed"]) as ask:
        run = run_of(ask)
        states(run, 2)

        assert (run["error_code"], run["error_subcode"]) == (2, 1504044)


def test_an_expired_run_is_gone_for_good():
    with asking(job_states=["expired"]) as ask:
        run = run_of(ask)

        assert states(run, 1) == [("Job Running", 40)]
        with pytest.raises(FacebookRequestError, match="does not exist"):
            run.api_get()
        assert refusal(run) == (100, 33)


@pytest.mark.parametrize(
    ("script", "code"), [("young_33", (100, 33)), ("young_2601", (2601, 1815107))]
)
def test_a_young_result_is_not_there_at_once(script, code):
    with asking(job_states=[script]) as ask:
        run = run_of(ask)

        assert states(run, 2)[-1] == ("Job Completed", 100)
        assert [refusal(run), refusal(run)] == [code, code]
        assert rows(run) == ROWS


def test_poison_refuses_each_question_that_includes_it():
    poisoned = {("10010000", str(TODAY)): {"actions", "reach"}}
    before = {"since": "2026-01-01", "until": str(days(2)[0])}
    other = [{"field": "ad.id", "operator": "IN", "value": ["10010001"]}]

    with asking(poison=poisoned) as ask:
        refused = [
            ask.insights(fields="spend,actions"),
            ask.insights(fields="spend,reach", level="campaign"),
        ]
        answered = [
            ask.insights(fields="spend"),
            ask.insights(fields="spend,actions", time_range=before),
            ask.insights(fields="spend,actions", filtering=other),
            ask.insights(fields="spend,actions", level="account"),
        ]

    assert [(one.status_code, error_of(one)) for one in refused] == [(500, (1, 99))] * 2
    assert [one.status_code for one in answered] == [200] * 4


def test_poison_of_all_fields_fails_reports_too():
    poisoned = {("10010000", str(TODAY)): "*"}

    with asking(poison=poisoned, poison_code=(2, None)) as ask:
        run = run_of(ask)

        assert states(run, 2)[-1] == ("Job Failed", 60)
        assert error_of(ask.insights(fields="spend")) == (2, None)


def test_silent_windows_and_fields_come_back_empty_without_an_error():
    facebook = world(ads=1, history=1)
    facebook.ad_days[0]["actions"] = [action("lead", 10)]

    with asking(
        facebook, silent_windows={"1d_view"}, silent_fields={"spend", "name"}
    ) as ask:
        row = ask.insights(
            fields="spend,actions,impressions",
            action_attribution_windows=["7d_click", "1d_view"],
        ).json()["data"][0]
        ads = ask.rows(f"{FIRST}/ads", fields="name")

    assert "spend" not in row
    assert row["actions"] == [action("lead", 10, **{"7d_click": "9"})]
    assert ads == [{"id": "10010000"}]


@pytest.mark.parametrize(
    ("does", "found"),
    [("works", ["10010000", "10010009"]), ("nothing", ["10010000"]), ("error", None)],
)
@pytest.mark.parametrize("spelling", ["parameter", "filter"])
def test_deleted_objects_in_an_edge(does, found, spelling):
    facebook = world(ads=1)
    facebook.ads.append(ad(FIRST, 9, effective_status="DELETED"))
    wanted = ["ACTIVE", "DELETED"]
    rule = {"field": "ad.effective_status", "operator": "IN", "value": wanted}
    asked = {"filtering": [rule]} if spelling == "filter" else {}
    asked = asked or {"effective_status": wanted}

    with asking(facebook, edge_deleted=does) as ask:
        answer = ask.get(f"{FIRST}/ads", **asked)
        node = ask.get("10010009/", fields="effective_status")

    if found is None:
        assert error_of(answer) == (100, 1815001)
    else:
        assert [row["id"] for row in answer.json()["data"]] == found
    assert node.json()["effective_status"] == "DELETED"


def test_gone_nodes_cannot_be_read():
    with asking(gone_nodes={"10010000"}) as ask:
        assert error_of(ask.get("10010000/")) == (100, 33)
        assert ask.get("10010001/").status_code == 200
