"""Facebook's error codes, broken answers and rate headers, row by row."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import GraphError, Kind, classify
from pipelines.extract.facebook.pacing import wait_after
from pipelines.extract.facebook.transport import open_api
from pipelines.sandbox.serving import serve

REDUCE = "Please reduce the amount of data you're asking for, then retry"


@pytest.mark.parametrize(
    ("code", "subcode", "message", "kind"),
    [
        (4, None, "", Kind.RATE),
        (4, 1504022, "", Kind.RATE),
        (4, 1504039, "", Kind.RATE),
        (17, 2446079, "", Kind.RATE),
        (32, None, "", Kind.RATE),
        (341, None, "", Kind.RATE),
        (613, 1996, "", Kind.RATE),
        (80000, None, "", Kind.RATE),
        (80006, None, "", Kind.RATE),
        (80008, None, "", Kind.RATE),
        (80014, None, "", Kind.RATE),
        (100, 1487534, "", Kind.TOO_LARGE),
        (100, 1504018, "", Kind.TOO_LARGE),
        (2, 1504038, "", Kind.TOO_LARGE),
        (-3, 1504045, "", Kind.TOO_LARGE),
        (-2, 2490547, "", Kind.TOO_LARGE),
        (1, None, REDUCE, Kind.TOO_LARGE),
        (960, None, "", Kind.TOO_LARGE),
        (1, None, "An unknown error occurred", Kind.TRANSIENT),
        (2, None, "", Kind.TRANSIENT),
        (2, 1504043, "", Kind.TRANSIENT),
        (2, 1504044, "", Kind.TRANSIENT),
        (99, None, "", Kind.TRANSIENT),
        (104, None, "", Kind.TRANSIENT),
        (100, None, "Cannot include x in summary param", Kind.TRANSIENT),
        (None, None, "Service Unavailable", Kind.TRANSIENT),
        (190, 463, "", Kind.AUTH),
        (102, None, "", Kind.AUTH),
        (10, None, "", Kind.PERMISSION),
        (200, None, "", Kind.PERMISSION),
        (299, None, "", Kind.PERMISSION),
        (3191001, None, "", Kind.PERMISSION),
        (100, 33, "", Kind.PERMISSION),
        (100, None, "Tried accessing nonexisting field (x)", Kind.CONFIG),
        (2, 1504041, "", Kind.CONFIG),
        (2, 1504042, "", Kind.CONFIG),
        (2500, None, "", Kind.CONFIG),
        (2635, None, "", Kind.CONFIG),
        (3018, None, "", Kind.CONFIG),
        (123456, None, "", Kind.CONFIG),
    ],
)
def test_each_code_has_its_class(code, subcode, message, kind):
    assert classify(code, subcode=subcode, message=message) is kind


def test_a_result_that_is_not_there_yet_is_waited_for():
    assert classify(100, subcode=33, young_job=True) is Kind.TRANSIENT
    assert classify(2601, subcode=1815107, young_job=True) is Kind.TRANSIENT


def test_http_decides_where_the_code_is_unknown():
    assert classify(None, status=429) is Kind.RATE
    assert classify(123456, status=503) is Kind.TRANSIENT


@contextmanager
def answering(*answers: Response) -> Iterator[GraphClient]:
    """Yield a client of a server that gives these answers, one after the other."""
    left = list(answers)

    async def endpoint(_: object) -> Response:
        return left.pop(0) if len(left) > 1 else left[0]

    with serve(Starlette(routes=[Route("/{path:path}", endpoint)])) as url:
        api = open_api(
            access_token="a-token-for-tests",
            app_secret=None,
            graph_url=url,
            api_version="v26.0",
        )
        yield GraphClient(api, sleep=lambda _: None, jitter=lambda: 0)


def body(content: object, status: int = 200) -> Response:
    text = content if isinstance(content, str) else json.dumps(content)
    return Response(text, status_code=status, media_type="application/json")


BROKEN = {
    "html 502": (body("<html>Bad Gateway</html>", 502), Kind.TRANSIENT),
    "text 429": (body("Too many requests", 429), Kind.RATE),
    "truncated": (body('{"data": [{"id": "1"}'), Kind.TRANSIENT),
    "empty": (body(""), Kind.TRANSIENT),
    "success text": (body('"success"', 500), Kind.TRANSIENT),
    "data null": (body({"data": None}), Kind.TRANSIENT),
    "data of texts": (body({"data": ["a"]}), Kind.TRANSIENT),
    "no data": (body({}), Kind.TRANSIENT),
    "success false": (body({"success": False}), Kind.TRANSIENT),
    "error text": (body({"error": "gone"}), Kind.TRANSIENT),
    "error null": (body({"error": None}, 500), Kind.TRANSIENT),
    "error with 200": (body({"error": {"code": 190, "message": "x"}}), Kind.AUTH),
    "bad error data": (
        body({"error": {"code": 190, "message": "x", "error_data": "{"}}, 400),
        Kind.AUTH,
    ),
    "redirect": (
        Response("", status_code=302, headers={"location": "/elsewhere"}),
        Kind.TRANSIENT,
    ),
    "next without cursor": (
        body({"data": [], "paging": {"next": "https://x"}}),
        Kind.BROKEN,
    ),
    "cursor twice": (
        body({"data": [], "paging": {"next": "x", "cursors": {"after": "A"}}}),
        Kind.BROKEN,
    ),
}


@pytest.mark.parametrize(("answer", "kind"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_an_error_of_ours(answer, kind):
    with answering(answer) as client, pytest.raises(GraphError) as refused:
        list(client.pages(("act_1", "ads"), {}))

    assert refused.value.kind is kind


def test_an_empty_middle_page_does_not_end_the_list():
    def page(ids: list[str], after: str | None) -> Response:
        paging = {"next": "x", "cursors": {"after": after}} if after else {}
        return body({"data": [{"id": i} for i in ids], "paging": paging})

    with answering(page(["1"], "A"), page([], "B"), page(["2"], None)) as client:
        pages = list(client.pages(("act_1", "ads"), {}))

    assert pages == [[{"id": "1"}], [], [{"id": "2"}]]


def test_a_broken_page_is_read_again_not_skipped():
    whole = body({"data": [{"id": "1"}]})

    with answering(body("", 200), body("<html>", 502), whole) as client:
        assert list(client.pages(("act_1", "ads"), {})) == [[{"id": "1"}]]


@pytest.mark.parametrize(
    ("header", "content", "seconds"),
    [
        (
            "X-Business-Use-Case-Usage",
            {"1": [{"type": "ads_insights", "estimated_time_to_regain_access": 7}]},
            420,
        ),
        (
            "X-Ad-Account-Usage",
            {"acc_id_util_pct": 100, "reset_time_duration": 30},
            30,
        ),
        ("X-Ad-Account-Usage", {"acc_id_util_pct": 9, "reset_time_duration": 30}, 0),
        ("X-App-Usage", {"call_count": 96}, 60),
        ("X-App-Usage", {"call_count": 50}, 0),
        ("X-App-Usage", {"call_count": "NaN"}, 0),
        ("X-FB-Ads-Insights-Throttle", {"acc_id_util_pct": 99.5}, 60),
        ("X-Business-Use-Case-Usage", {"1": "none"}, 0),
    ],
)
def test_rate_headers_say_how_long_to_wait(header, content, seconds):
    assert wait_after({header: json.dumps(content)}) == seconds


def test_a_malformed_rate_header_asks_for_nothing():
    assert wait_after({"X-App-Usage": "{call_count"}) == 0
