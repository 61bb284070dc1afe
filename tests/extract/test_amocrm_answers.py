"""Whatever AmoCRM answers, the client reads it, asks again or says what it was."""

import gzip
import json

import pytest
from starlette.responses import Response, StreamingResponse

from pipelines.errors import ProtocolError, RateLimited
from pipelines.extract.amocrm.refusals import PageTooLarge
from pipelines.extract.amocrm.transport import MAX_SECONDS
from tests.extract.amocrm_asking import ACCOUNT, Asking


def slow_body() -> StreamingResponse:
    async def drip():
        yield b'{"id":'
        yield b" 31}"

    return StreamingResponse(drip(), media_type="application/json")


HOSTILE = {
    "a charset that is none": Response("<b>no</b>", 200, media_type="a/b; charset=hex"),
    "bytes that are no gzip": Response("no", 200, {"content-encoding": "gzip"}),
    "a number without end": Response('{"id": ' + "9" * 5000 + "}"),
    "a thousand brackets": Response("[" * 100_000),
    "an infinite price": Response('{"price": Infinity}'),
    "half of UTF-8": Response(b'{"name": "\xd0'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_cannot_be_read_is_asked_for_again(name):
    asking = Asking(HOSTILE[name], ACCOUNT)

    with asking.opened() as client:
        assert client.get("account", table="account") == ACCOUNT


def test_a_refusal_in_a_strange_charset_is_told():
    page = Response("<b>out of order</b>", 400, media_type="text/html; charset=hex")

    with (
        Asking(page).opened() as client,
        pytest.raises(ProtocolError, match="out of order"),
    ):
        client.get("account", table="account")


def test_an_answer_that_drips_is_given_up():
    asking = Asking(slow_body(), ACCOUNT, step=MAX_SECONDS)

    with asking.opened() as client, pytest.raises(PageTooLarge):
        client.get("leads", [("limit", 250)], table="leads")


def test_a_packed_answer_is_unpacked():
    packed = gzip.compress(json.dumps(ACCOUNT).encode())
    asking = Asking(Response(packed, headers={"content-encoding": "gzip"}))

    with asking.opened() as client:
        assert client.get("account", table="account") == ACCOUNT


@pytest.mark.parametrize("wait", ["1e999", "1e300", "99999999999999999999"])
def test_no_wait_is_too_long_to_be_refused(wait):
    body = f'{{"title": "Too Many Requests", "retry_after": {wait}}}'
    asking = Asking(Response(body, status_code=429))

    with asking.opened() as client, pytest.raises(RateLimited, match="longer than"):
        client.get("account", table="account")

    assert asking.calls[0].retry_after == 1e8


@pytest.mark.parametrize("wait", ["-5", '"soon"', "null", "[]", "false"])
def test_a_wait_that_is_none_is_the_usual_one(wait):
    body = f'{{"title": "Too Many Requests", "retry_after": {wait}}}'
    asking = Asking(Response(body, status_code=429), ACCOUNT)

    with asking.opened() as client:
        client.get("account", table="account")

    assert asking.clock.slept == [2]
