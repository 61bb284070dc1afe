"""Answers that are no answers: other people's HTML, half a body, a cut connection.

`faults.transport` queues their names; each takes the place of one answer. Errors that
Facebook words itself belong to `refusals.py`.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.types import Receive, Scope, Send

JSON = "application/json"
BODY = b'{"data": [{"id": "1", "name": "One"}, {"id": "2", "name": "Two"}]}'
ELSEWHERE = "http://127.0.0.1:1/elsewhere"
# Closing with this option sends a reset instead of an end.
RESET = struct.pack("ii", 1, 0)
HTML = """<!DOCTYPE html><html><head><title>Error</title></head><body>
<h1>Sorry, something went wrong.</h1><p>We are working on it.</p></body></html>"""
IN_A_200 = {
    "message": "An unexpected error has occurred. Please retry your request later.",
    "type": "OAuthException",
    "is_transient": True,
    "code": 2,
    "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW",
}


class Severed(Response):
    """An answer that ends before its end, in one of three ways."""

    def __init__(self, sever: Callable[[Receive, Send], Awaitable[None]]) -> None:
        super().__init__()
        self._sever = sever

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._sever(receive, send)
        while (await receive())["type"] != "http.disconnect":
            pass


def broken(name: str) -> Response:
    """Return the answer of one name."""
    return ANSWERS[name]()


async def _hang(receive: Receive, send: Send) -> None:
    """Say nothing, until the client gives up."""


async def _truncate(receive: Receive, send: Send) -> None:
    """Promise a body, send half of it and close."""
    length = str(len(BODY)).encode()
    headers = [(b"content-type", JSON.encode()), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    half = BODY[: len(BODY) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    _transport(receive).close()


async def _reset(receive: Receive, send: Send) -> None:
    """Cut the connection before the first byte."""
    transport = _transport(receive)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def _transport(receive: Receive) -> asyncio.Transport:
    """Return the connection under a request, which ASGI does not hand out."""
    cycle: Any = receive.__self__  # type: ignore[attr-defined]
    transport: asyncio.Transport = cycle.transport
    return transport


ANSWERS: dict[str, Callable[[], Response]] = {
    "html_502": lambda: HTMLResponse(HTML, status_code=502),
    "html_200": lambda: HTMLResponse(HTML),
    "truncated": lambda: Severed(_truncate),
    "truncated_json": lambda: Response(BODY[:-20], media_type=JSON),
    "empty": lambda: Response(media_type=JSON),
    "error_200": lambda: JSONResponse({"error": IN_A_200}),
    "hang": lambda: Severed(_hang),
    "reset": lambda: Severed(_reset),
    "text_429": lambda: PlainTextResponse("Too Many Requests", status_code=429),
    "text_500": lambda: PlainTextResponse("no success this time", status_code=500),
    "null_data": lambda: JSONResponse({"data": None}),
    "error_text": lambda: JSONResponse({"error": "it went wrong"}, status_code=500),
    "error_data": lambda: JSONResponse(
        {"error": {**IN_A_200, "error_data": "{not json"}}, status_code=500
    ),
    "success_false": lambda: JSONResponse({"success": False}),
    "no_data": lambda: JSONResponse({}),
    "odd_rows": lambda: JSONResponse({"data": ["a row", None]}),
    "odd_paging": lambda: JSONResponse({"data": [], "paging": ["next"]}),
    "invalid_utf8": lambda: Response(BODY.replace(b"One", b"\xff"), media_type=JSON),
    "invalid_gzip": lambda: Response(BODY, headers={"content-encoding": "gzip"}),
    "redirect": lambda: RedirectResponse(ELSEWHERE),
    "json_list": lambda: Response(json.dumps([]), media_type=JSON),
    "unavailable_503": lambda: PlainTextResponse(
        "Service Unavailable", status_code=503
    ),
}
