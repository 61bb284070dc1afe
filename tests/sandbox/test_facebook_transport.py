"""The Facebook emulator's broken answers, and what the SDK by itself makes of them."""

import pytest
import requests
from facebook_business.exceptions import FacebookRequestError

from tests.facebook_world import FIRST
from tests.sandbox.graph import PATIENCE_SECONDS, asking


def read(ask) -> list:
    return list(ask.account.get_ads(fields=["name"]))


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ("html_502", 502, "<!DOCTYPE html>"),
        ("html_200", 200, "<!DOCTYPE html>"),
        ("truncated_json", 200, '{"data": [{"id"'),
        ("empty", 200, ""),
        ("error_200", 200, '{"error":{"message"'),
        ("text_429", 429, "Too Many Requests"),
        ("text_500", 500, "no success this time"),
        ("null_data", 200, '{"data":null}'),
        ("error_text", 500, '{"error":"it went wrong"}'),
        ("error_data", 500, '{"error":{'),
        ("success_false", 200, '{"success":false}'),
        ("json_list", 200, "[]"),
        ("no_data", 200, "{}"),
        ("odd_rows", 200, '{"data":["a row",null]}'),
        ("odd_paging", 200, '{"data":[],"paging":["next"]}'),
        ("invalid_utf8", 200, '{"data"'),
        ("unavailable_503", 503, "Service Unavailable"),
    ],
)
def test_an_odd_answer_comes_once_instead_of_the_right_one(answer, status, text):
    with asking(transport=[answer]) as ask:
        odd, right = ask.get(f"{FIRST}/ads"), ask.get(f"{FIRST}/ads")

    assert odd.status_code == status
    assert odd.text.startswith(text)
    assert bool(odd.text) == bool(text)
    assert len(right.json()["data"]) == 2
    assert len(ask.calls) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("truncated", requests.exceptions.ChunkedEncodingError),
        ("reset", requests.exceptions.ConnectionError),
        ("hang", requests.exceptions.ReadTimeout),
        ("invalid_gzip", requests.exceptions.ContentDecodingError),
        ("redirect", requests.exceptions.ConnectionError),
    ],
)
def test_a_connection_breaks_and_the_next_one_works(answer, error):
    timeout = PATIENCE_SECONDS if answer == "hang" else 10

    with asking(transport=[answer], timeout=timeout) as ask:
        with pytest.raises(error):
            read(ask)

        assert len(ask.rows(f"{FIRST}/ads")) == 2


def test_the_connection_is_reset_and_not_merely_closed():
    with (
        asking(transport=["reset"]) as ask,
        pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"),
    ):
        read(ask)


def test_a_post_hangs_too():
    with (
        asking(transport=["hang"], timeout=PATIENCE_SECONDS) as ask,
        pytest.raises(requests.exceptions.ReadTimeout),
    ):
        ask.account.get_insights_async(fields=["spend"], params={})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("html_502", TypeError),
        ("truncated_json", TypeError),
        ("text_429", TypeError),
        ("text_500", TypeError),
        ("null_data", TypeError),
        ("error_text", AttributeError),
        ("error_data", ValueError),
        ("error_200", FacebookRequestError),
        ("success_false", FacebookRequestError),
        ("unavailable_503", FacebookRequestError),
    ],
)
def test_the_sdk_by_itself_misreads_them(answer, error):
    with asking(transport=[answer]) as ask, pytest.raises(error):
        read(ask)


def test_the_sdk_makes_a_row_of_an_empty_body():
    with asking(transport=["empty"]) as ask:
        assert [dict(row) for row in read(ask)] == [{"id": None}]
