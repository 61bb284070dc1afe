"""The client's own page loop, its page sizes, its attempts and counters."""

import json
import threading

import pytest

from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from tests.facebook_client import Reached, answering, body, page, reaching, refusal
from tests.facebook_world import FIRST, TOKEN, world

REDUCE = "Please reduce the amount of data you're asking for, then retry"
ADS = ("act_1", "ads")


def ids(pages) -> list[str]:
    return [row["id"] for one in pages for row in one]


def read(reached: Reached, path=ADS, **options) -> list[str]:
    return ids(reached.client.pages(path, {}, **options))


def test_the_summary_s_count_comes_with_each_page():
    app = facebook_app(world(ads=3), faults=Faults(total_count_extra=2), page_size=2)

    with reaching(app) as reached:
        asked = {"fields": "id", "summary": True}
        pages = list(reached.client.pages((FIRST, "ads"), asked))

    assert [(len(one.rows), one.total_count) for one in pages] == [(2, 5), (1, 5)]
    assert [one.limit for one in pages] == [500, 500]


@pytest.mark.parametrize("summary", [None, [], {}, {"total_count": True}, "7"])
def test_a_summary_without_a_count_is_no_count(summary):
    with reaching(answering(page("1", summary=summary))) as reached:
        [one] = reached.client.pages(ADS, {})

    assert one.total_count is None


def test_the_page_size_of_an_edge_is_kept_for_its_account_only():
    def answer(request):
        too_large = request.path_params["path"].endswith("act_1/ads")
        if too_large and int(request.query_params["limit"]) > 100:
            return refusal(1, message=REDUCE, status=500)
        return page("1")

    with reaching(answering(answer)) as reached:
        for path in (ADS, ADS, ("act_1", "adsets"), ("act_2", "ads")):
            read(reached, path)

    sizes = [call["limit"] for call in reached.calls]
    assert sizes == ["500", "250", "100", "100", "500", "500"]
    assert reached.client.page_size(ADS) == 100
    assert reached.client.page_size(("act_2", "ads")) == 500


def test_a_page_that_is_too_large_is_asked_for_again_from_the_same_place():
    answers = (page("1", after="A"), refusal(960), page("2"))

    with reaching(answering(*answers)) as reached:
        assert read(reached) == ["1", "2"]

    places = [(call.get("after"), call["limit"]) for call in reached.calls]
    assert places == [(None, "500"), ("A", "500"), ("A", "250")]


def test_what_is_too_large_in_the_smallest_pages_is_the_caller_s():
    with reaching(answering(refusal(960))) as reached:
        with pytest.raises(GraphError) as refused:
            read(reached)
        with pytest.raises(GraphError):
            read(reached)

    assert refused.value.kind is Kind.TOO_LARGE
    assert [c["limit"] for c in reached.calls] == ["500", "250", "100", "25", "25"]


def test_a_limit_on_the_second_page_goes_on_at_the_second_page():
    app = facebook_app(world(ads=5), faults=Faults(limit_on_page_two=2), page_size=2)

    with reaching(app) as reached:
        rows = ids(reached.client.pages((FIRST, "ads"), {"fields": "id"}))

    assert len(set(rows)) == len(rows) == 5
    assert reached.waits == [60, 120]
    assert [call.params.get("after") for call in reached.calls].count(None) == 1
    assert {call.params["limit"] for call in reached.calls} == {"500"}


def test_a_limit_that_lifts_in_time_is_sat_out_and_one_that_does_not_is_told():
    app = facebook_app(world(), faults=Faults())
    faults: Faults = app.state.faults

    with reaching(app) as reached:
        faults.now = reached.timer.now
        faults.limit_until = reached.timer.start + 400
        assert len(read(reached, (FIRST, "ads"))) == 2
        assert reached.waits == [60, 120, 240]

        faults.limit_until = float("inf")
        with pytest.raises(GraphError, match=r"about \d+ minutes \(at \d\d:\d\d UTC\)"):
            read(reached, (FIRST, "ads"))

    assert sum(reached.waits) <= 900


def test_business_minutes_win_over_the_account_s_misleading_seconds():
    entry = {"type": "ads_management", "estimated_time_to_regain_access": 4}
    headers = {
        "X-Ad-Account-Usage": '{"acc_id_util_pct": 9.6, "reset_time_duration": 86400}',
        "X-Business-Use-Case-Usage": json.dumps({"1001": [entry]}),
    }
    faults = Faults(throttled={FIRST: 1}, limit_headers=headers)

    with reaching(facebook_app(world(), faults=faults)) as reached:
        assert len(read(reached, (FIRST, "ads"))) == 2

    assert reached.waits == [240]


def test_malformed_rate_headers_lose_nothing():
    faults = Faults(throttled={FIRST: 1}, malformed_headers=True)

    with reaching(facebook_app(world(), faults=faults)) as reached:
        assert len(read(reached, (FIRST, "ads"))) == 2

    assert reached.waits == [60]


@pytest.mark.parametrize(("attempts", "calls"), [(None, 6), (2, 2), (1, 1)])
def test_a_failure_that_stays_is_tried_so_often(attempts, calls):
    with (
        reaching(answering(refusal(2, status=500))) as reached,
        pytest.raises(GraphError) as refused,
    ):
        read(reached, attempts=attempts)

    assert refused.value.kind is Kind.TRANSIENT
    assert len(reached.calls) == calls
    assert reached.waits == [1, 2, 4, 8, 16][: calls - 1]


def test_a_post_is_paced_and_tried_again_like_a_question():
    answers = (refusal(2, status=500), refusal(80000), body({"report_run_id": "7"}))

    with reaching(answering(*answers)) as reached:
        answer = reached.client.post(("act_1", "insights"), {"level": "ad"})

    assert answer == {"report_run_id": "7"}
    assert reached.waits == [1, 60]


def test_a_node_without_an_id_is_asked_for_again():
    answers = (body({}), body({"name": "x"}), body({"id": "act_1"}))

    with reaching(answering(*answers)) as reached:
        assert reached.client.node("act_1", ("id",)) == {"id": "act_1"}


def test_calls_and_pages_are_counted_by_account():
    app = answering(refusal(2), page("1", after="A"), page("2"))

    with reaching(app) as reached:
        client = reached.client
        read(reached)
        list(client.pages(("me", "adaccounts"), {}))
        list(client.pages(("77", "insights"), {}, account_id="act_1"))

    assert (client.calls_of("act_1"), client.pages_of("act_1")) == (4, 3)
    assert (client.calls_of(None), client.pages_of(None)) == (1, 1)


def time_page(*row_ids: str, query: str | None = None):
    paging = {"next": f"https://evil.example/v1.0/x?{query}"} if query else {}
    return body({"data": [{"id": one} for one in row_ids], "paging": paging})


def test_an_edge_that_pages_by_time_is_followed_on_our_host_with_our_question():
    place = "since=1&until=9&__paging_token=enc_A"
    query = (
        f"access_token=stolen&appsecret_proof=x&limit=1&fields=id&method=delete&{place}"
    )
    answers = (time_page("1", query=query), time_page(query="until=8"), time_page("2"))

    with reaching(answering(*answers)) as reached:
        asked = {"fields": "event_type", "since": "1", "until": "99"}
        path = ("act_1", "activities")
        pages = list(reached.client.pages(path, asked, follows_next=True))

    assert ids(pages) == ["1", "2"]
    first, second, third = (
        {k: v for k, v in c.items() if k not in ("path", "fields", "limit")}
        for c in reached.calls
    )
    mine = {"access_token": TOKEN}
    assert first == {"since": "1", "until": "99", **mine}
    assert second == {"since": "1", "until": "9", "__paging_token": "enc_A", **mine}
    assert third == {"since": "1", "until": "8", **mine}
    assert {c["fields"] for c in reached.calls} == {"event_type"}
    assert {c["limit"] for c in reached.calls} == {"500"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("until=9", "twice"),
        ("access_token=stolen", "does not say where"),
        ("", "does not say where"),
    ],
)
def test_a_time_paged_edge_that_goes_in_circles_is_refused(query, words):
    answer = body({"data": [], "paging": {"next": f"https://x/?{query}"}})

    with (
        reaching(answering(answer)) as reached,
        pytest.raises(GraphError, match=words) as refused,
    ):
        read(reached, follows_next=True)

    assert refused.value.kind is Kind.BROKEN


@pytest.mark.parametrize("following", [7, True, ["x"], {"a": 1}, "http://[bad"])
def test_a_next_that_is_no_address_is_refused(following):
    answer = body({"data": [], "paging": {"next": following}})

    for follows in (True, False):
        with (
            reaching(answering(answer)) as reached,
            pytest.raises(GraphError) as refused,
        ):
            read(reached, follows_next=follows)
        assert refused.value.kind is Kind.BROKEN


def test_threads_share_a_client_and_lose_no_row():
    app = facebook_app(world(ads=20), page_size=3)
    read_by: dict[int, list[str]] = {}

    with reaching(app) as reached:

        def load(number: int) -> None:
            read_by[number] = read(reached, (FIRST, "ads"))

        threads = [threading.Thread(target=load, args=[n]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert [len(set(rows)) for rows in read_by.values()] == [20] * 4
    assert reached.client.calls_of(FIRST) == 28
