"""The table of Facebook's errors, row by row, and what each makes the client do."""

import pytest
from starlette.responses import Response

from pipelines.errors import (
    ProtocolError,
    RateLimited,
    SourceUnreachable,
)
from pipelines.extract.facebook.errors import (
    RULES,
    AccountDenied,
    GraphError,
    Kind,
    TokenRefused,
    classify,
    source_error,
    stops_all,
)
from tests.facebook_client import answering, body, page, reaching, refusal

REDUCE = "Please reduce the amount of data you're asking for, then retry"
SUMMARY = "(#100) Cannot include total_count in summary param because it failed"
NO_FIELD = "(#100) Tried accessing nonexisting field (x) on node type (Ad)"

# Code, subcode, message, kind, and whether a limit stops every account.
ROWS = [
    (4, None, "", Kind.RATE, True),
    (4, 1504022, "", Kind.RATE, True),
    (4, 1504039, "", Kind.RATE, True),
    (17, None, "", Kind.RATE, True),
    (17, 2446079, "", Kind.RATE, False),
    (32, None, "", Kind.RATE, False),
    (341, None, "", Kind.RATE, True),
    (613, None, "", Kind.RATE, False),
    (613, 1996, "", Kind.RATE, False),
    *((code, None, "", Kind.RATE, False) for code in range(80000, 80007)),
    (80004, 2446079, "", Kind.RATE, False),
    (80008, None, "", Kind.RATE, False),
    (80014, None, "", Kind.RATE, False),
    (100, 1487534, "", Kind.TOO_LARGE, False),
    (100, 1504018, "", Kind.TOO_LARGE, False),
    (2, 1504038, "", Kind.TOO_LARGE, False),
    (-3, 1504045, "", Kind.TOO_LARGE, False),
    (-2, 2490547, "", Kind.TOO_LARGE, False),
    (1, None, REDUCE, Kind.TOO_LARGE, False),
    (1, 99, REDUCE.upper(), Kind.TOO_LARGE, False),
    (960, None, "", Kind.TOO_LARGE, False),
    (1, None, "An unknown error occurred", Kind.TRANSIENT, False),
    (1, 99, "An unknown error occurred", Kind.TRANSIENT, False),
    (2, None, "", Kind.TRANSIENT, False),
    (2, 1504043, "", Kind.TRANSIENT, False),
    (2, 1504044, "", Kind.TRANSIENT, False),
    (99, None, "", Kind.TRANSIENT, False),
    (104, None, "", Kind.TRANSIENT, False),
    (100, None, SUMMARY, Kind.TRANSIENT, False),
    (102, None, "", Kind.AUTH, False),
    (190, None, "", Kind.AUTH, False),
    *((190, subcode, "", Kind.AUTH, False) for subcode in (458, 460, 463, 467)),
    (10, None, "", Kind.PERMISSION, False),
    (200, None, "", Kind.PERMISSION, False),
    (299, None, "", Kind.PERMISSION, False),
    (3191001, None, "", Kind.PERMISSION, False),
    (100, 33, "", Kind.PERMISSION, False),
    (100, None, NO_FIELD, Kind.CONFIG, False),
    (2, 1504041, "", Kind.CONFIG, False),
    (2, 1504042, "", Kind.CONFIG, False),
    (2500, None, "", Kind.CONFIG, False),
    (2601, 1815107, "", Kind.CONFIG, False),
    (2635, None, "", Kind.CONFIG, False),
    (3018, None, "", Kind.CONFIG, False),
    (80007, None, "", Kind.CONFIG, False),
    (123456, None, "", Kind.CONFIG, False),
]
IDS = [f"{code}/{subcode} {message[:9]}" for code, subcode, message, *_ in ROWS]


@pytest.mark.parametrize(("code", "subcode", "message", "kind", "all_"), ROWS, ids=IDS)
def test_each_code_has_its_class_and_reach(code, subcode, message, kind, all_):
    error = GraphError(message, kind=kind, code=code, subcode=subcode)

    assert classify(code, subcode=subcode, message=message) is kind
    assert stops_all(error) is all_


def test_every_row_of_the_table_is_tried():
    young = {(2601, 1815107), (100, 33)}
    tried = {(code, subcode) for code, subcode, *_ in ROWS} | young

    for rule in RULES:
        for subcode in rule.subcodes or {None}:
            assert any((code, subcode) in tried for code in rule.codes), rule


@pytest.mark.parametrize(("code", "subcode", "message", "kind", "all_"), ROWS, ids=IDS)
def test_each_code_makes_the_client_wait_retry_or_stop(
    code, subcode, message, kind, all_
):
    app = answering(refusal(code, subcode=subcode, message=message), page("1"))

    with reaching(app) as reached:
        if kind in (Kind.RATE, Kind.TRANSIENT, Kind.TOO_LARGE):
            pages = list(reached.client.pages(("act_1", "ads"), {}))
            assert pages == [[{"id": "1"}]]
        else:
            with pytest.raises(GraphError) as refused:
                list(reached.client.pages(("act_1", "ads"), {}))
            assert (refused.value.kind, refused.value.code) == (kind, code)

    waits = {Kind.RATE: [60], Kind.TRANSIENT: [1]}
    assert reached.waits == waits.get(kind, [])
    sizes = [call["limit"] for call in reached.calls]
    assert sizes == {
        Kind.RATE: ["500", "500"],
        Kind.TRANSIENT: ["500", "500"],
        Kind.TOO_LARGE: ["500", "250"],
    }.get(kind, ["500"])


@pytest.mark.parametrize(("code", "subcode"), [(100, 33), (2601, 1815107)])
def test_a_young_job_s_result_is_waited_for(code, subcode):
    answers = (refusal(code, subcode=subcode), page("1"))

    with reaching(answering(*answers)) as reached:
        pages = list(reached.client.pages(("77", "insights"), {}, young_job=True))
    with reaching(answering(*answers)) as old, pytest.raises(GraphError) as refused:
        list(old.client.pages(("77", "insights"), {}))

    assert pages == [[{"id": "1"}]]
    assert refused.value.kind in (Kind.PERMISSION, Kind.CONFIG)
    assert len(old.calls) == 1


def test_a_young_job_does_not_make_a_passing_failure_final():
    passing = {"message": "x", "code": 424242, "is_transient": True}

    with reaching(answering(body({"error": passing}, 400), page("1"))) as reached:
        pages = list(reached.client.pages(("77", "insights"), {}, young_job=True))

    assert pages == [[{"id": "1"}]]


def test_http_decides_where_the_code_is_unknown():
    assert classify(None, status=429) is Kind.RATE
    assert classify(2, status=429) is Kind.RATE
    assert classify(190, status=429) is Kind.AUTH
    assert classify(None, status=200) is Kind.TRANSIENT
    assert classify(123456, status=503) is Kind.TRANSIENT
    assert classify(123456, is_transient=True) is Kind.TRANSIENT
    assert stops_all(GraphError("", kind=Kind.RATE, status=429))


@pytest.mark.parametrize(
    ("error", "cls", "words"),
    [
        ((Kind.RATE, 80004, None), RateLimited, "next run closes the gap"),
        ((Kind.TOO_LARGE, 960, None), ProtocolError, "smallest question"),
        ((Kind.TRANSIENT, 2, None), SourceUnreachable, "kept failing"),
        ((Kind.JOB, None, None), SourceUnreachable, "report jobs kept failing"),
        ((Kind.AUTH, 102, None), TokenRefused, "FACEBOOK_ACCESS_TOKEN"),
        ((Kind.AUTH, 190, 458), TokenRefused, "removed the app"),
        ((Kind.AUTH, 190, 460), TokenRefused, "password"),
        ((Kind.AUTH, 190, 463), TokenRefused, "has expired"),
        ((Kind.AUTH, 190, 467), TokenRefused, "taken back"),
        ((Kind.PERMISSION, 200, None), AccountDenied, "system user access"),
        ((Kind.CONFIG, 100, None), ProtocolError, "question is wrong"),
        ((Kind.CONFIG, 2635, None), ProtocolError, "FACEBOOK_API_VERSION"),
        ((Kind.CONFIG, 3018, None), ProtocolError, "37 months"),
        ((Kind.BROKEN, None, None), ProtocolError, "nothing was replaced"),
    ],
)
def test_every_kind_says_where_it_happened_and_what_to_do(error, cls, words):
    kind, code, subcode = error
    refused = GraphError("said so", kind=kind, code=code, subcode=subcode)

    shown = source_error(refused, table="ads", account_id="act_1", window="a..b")

    assert type(shown) is cls
    assert str(shown).startswith("facebook.ads [act_1 a..b]: ")
    assert words in str(shown)


def test_what_facebook_tells_users_is_told_too():
    error = {"message": "Invalid", "error_user_msg": "Pick another day", "code": 100}

    with (
        reaching(answering(body({"error": error}, 400))) as reached,
        pytest.raises(GraphError, match=r"error 100: Invalid - Pick another day"),
    ):
        reached.client.node("act_1", ("id",))


def test_a_words_only_refusal_of_a_proxy_is_shown_cut():
    answer = Response("<html>  Bad\n Gateway " + "x" * 5000, 502)

    with (
        reaching(answering(answer)) as reached,
        pytest.raises(GraphError, match=r"HTTP 502 .* <html> Bad Gateway") as seen,
    ):
        reached.client.node("act_1", ("id",))

    assert len(str(seen.value)) < 300
