"""The emulators' server: reachable while open, gone afterwards."""

import urllib.error
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pipelines.errors import SandboxError
from pipelines.sandbox.serving import serve


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def _app() -> Starlette:
    return Starlette(routes=[Route("/", _hello)])


def test_an_app_is_served_on_loopback_until_the_block_ends():
    with serve(_app()) as url, urllib.request.urlopen(url, timeout=5) as answer:
        body = answer.read()

    assert url.startswith("http://127.0.0.1:")
    assert body == b"hello"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)


def test_two_apps_are_served_side_by_side():
    with serve(_app()) as first, serve(_app()) as second:
        assert first != second


def test_a_taken_port_says_so():
    with serve(_app()) as url:
        port = int(url.rsplit(":", 1)[1])

        with pytest.raises(SandboxError, match=str(port)), serve(_app(), port=port):
            pass
