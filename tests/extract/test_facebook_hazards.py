"""Where the SDK alone loses data, loops, hangs or breaks: each hazard once, served.

Each claim is about the client; the SDK stays as it is.
"""

from collections.abc import Callable

import pytest
from starlette.responses import Response

from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from tests.facebook_client import Reached, answering, body, page, reaching, refusal
from tests.facebook_world import FIRST, world

PATHS = {"ads": (FIRST, "ads"), "insights": (FIRST, "insights")}
ALL_ADS = [f"1001{number:04}" for number in range(5)]


def ads_of(reached: Reached) -> list[str]:
    pages = reached.client.pages((FIRST, "ads"), {"fields": "id"})
    return [row["id"] for one in pages for row in one]


def paged(fault: str):
    return facebook_app(world(ads=5), faults=Faults(paging=fault), page_size=2)


@pytest.mark.parametrize("fault", ["empty_first", "empty_middle"])
def test_an_empty_page_with_a_next_one_ends_nothing(fault):
    with reaching(paged(fault)) as reached:
        assert ads_of(reached) == ALL_ADS


@pytest.mark.parametrize(
    ("fault", "words"), [("no_after", "no cursor"), ("repeated_cursor", "twice")]
)
def test_pages_without_an_end_are_refused_not_cut_or_looped(fault, words):
    with (
        reaching(paged(fault)) as reached,
        pytest.raises(GraphError, match=words) as refused,
    ):
        ads_of(reached)

    assert refused.value.kind is Kind.BROKEN
    assert len(reached.calls) <= 4


def test_rows_that_pages_repeat_all_arrive():
    with reaching(paged("overlap")) as reached:
        assert set(ads_of(reached)) == set(ALL_ADS)


def test_two_cursors_that_alternate_are_a_circle():
    answers = (page("1", after="A"), page("2", after="B"), page("3", after="A"))

    with (
        reaching(answering(*answers)) as reached,
        pytest.raises(GraphError, match="twice"),
    ):
        ads_of(reached)

    assert len(reached.calls) == 3


def test_empty_pages_without_end_end_in_an_error():
    left = iter(range(10_000))
    app = answering(lambda request: page(after=f"cursor {next(left)}"))

    with (
        reaching(app) as reached,
        pytest.raises(GraphError, match="500 pages in a row are empty"),
    ):
        ads_of(reached)


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        ("html_502", [1]),
        ("html_200", [1]),
        ("text_500", [1]),
        ("text_429", [60]),
        ("truncated", [1]),
        ("truncated_json", [1]),
        ("empty", [1]),
        ("null_data", [1]),
        ("error_200", [1]),
        ("error_text", [1]),
        ("error_data", [1]),
        ("success_false", [1]),
        ("json_list", [1]),
        ("unavailable_503", [1]),
        ("reset", [1]),
    ],
)
@pytest.mark.parametrize("page_number", [0, 1], ids=["first page", "second page"])
def test_an_answer_that_is_none_is_asked_for_again(fault, waits, page_number):
    faults = Faults()
    app = facebook_app(world(ads=5), faults=faults, page_size=2)
    rows: list[str] = []

    with reaching(app) as reached:
        pages = reached.client.pages((FIRST, "ads"), {"fields": "id"})
        for number in range(3):
            if number == page_number:
                faults.transport.append(fault)
            rows += [row["id"] for row in next(pages)]

    assert rows == ALL_ADS
    assert reached.waits == waits
    assert len(reached.calls) == 4


def test_a_server_that_says_nothing_is_given_up_in_time():
    faults = Faults(transport=["hang"])
    app = facebook_app(world(ads=5), faults=faults, page_size=2)

    with reaching(app, read_seconds=0.2) as reached:
        assert ads_of(reached) == ALL_ADS

    assert reached.waits[0] == 1


def other_shapes() -> dict[str, Callable[[], Response]]:
    odd = {"message": "x", "code": 190, "error_data": "{"}
    return {
        "no data": lambda: body({"paging": {}}),
        "data of texts": lambda: body({"data": ["a"]}),
        "data an object": lambda: body({"data": {"id": "1"}}),
        "paging a list": lambda: body({"data": [], "paging": [1]}),
        "paging a text": lambda: body({"data": [], "paging": "next"}),
        "an empty object": lambda: body({}),
        "success null": lambda: body({"success": None, "data": []}),
        "success zero": lambda: body({"success": 0, "data": []}),
        "the words as a key": lambda: body({"Service Unavailable": 1, "data": []}),
        "error null": lambda: body({"error": None}),
        "error a list": lambda: body({"error": [1, 2]}, 400),
        "error of odd codes": lambda: body(
            {"error": {"code": [], "error_subcode": {}, "message": {"a": 1}}}, 500
        ),
        "created": lambda: body({"data": []}, 304),
        "redirect": lambda: body("", 302, {"location": "http://127.0.0.1:1/"}),
        "a number": lambda: body("7"),
        "null": lambda: body("null"),
        "no JSON number": lambda: body('{"data": [{"id": "1", "spend": NaN}]}'),
        "too deep": lambda: body('{"data": ' + "[" * 100_000),
        "too long a number": lambda: body('{"data": [{"id": 1' + "0" * 5000 + "}]}"),
        "not UTF-8": lambda: Response(b"\xff\xfe{", media_type="application/json"),
        "not gzip": lambda: Response(b"plain", headers={"content-encoding": "gzip"}),
        "final in odd dress": lambda: body({"error": odd}, 400),
    }


@pytest.mark.parametrize("name", other_shapes())
def test_no_odd_answer_is_an_exception_of_a_library_or_a_row(name):
    with (
        reaching(answering(other_shapes()[name]())) as reached,
        pytest.raises(GraphError) as refused,
    ):
        list(reached.client.pages((FIRST, "ads"), {}, attempts=2))

    final = name == "final in odd dress"
    assert refused.value.kind is (Kind.AUTH if final else Kind.TRANSIENT)


@pytest.mark.parametrize("cursors", [None, [], "A", {"after": 7}, {"after": ""}, {}])
def test_a_next_page_without_a_usable_cursor_is_refused(cursors):
    answer = body({"data": [], "paging": {"next": "x", "cursors": cursors}})

    with (
        reaching(answering(answer)) as reached,
        pytest.raises(GraphError, match="no cursor"),
    ):
        ads_of(reached)


def test_data_that_looks_like_an_error_stays_data():
    rows = [{"id": "1", "name": "error", "error": {"code": 190}, "success": False}]

    with reaching(answering(body({"data": rows, "paging": None}))) as reached:
        [one] = reached.client.pages((FIRST, "ads"), {})

    assert one == rows


def test_the_connection_is_used_again_after_a_broken_answer():
    answers = (body("", 200), body("<html>", 502), refusal(2), page("1"))

    with reaching(answering(*answers)) as reached:
        assert ads_of(reached) == ["1"]

    assert reached.waits == [1, 2, 4]


def test_a_wrong_version_s_form_is_an_error_of_ours():
    with (
        reaching(answering(page("1")), version="twenty-six") as reached,
        pytest.raises(GraphError, match="the SDK refuses the call") as refused,
    ):
        ads_of(reached)

    assert refused.value.kind is Kind.CONFIG
