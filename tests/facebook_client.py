"""A client beside the server that it talks to: the emulator, or a list of answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.pacing import Pacer
from pipelines.extract.facebook.transport import open_api
from pipelines.sandbox.serving import serve
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import TOKEN

Answer = Response | Callable[[Request], Response]


@dataclass(frozen=True)
class Reached:
    """A client, its pacer and clock, and what the server was asked."""

    client: GraphClient
    pacer: Pacer
    timer: VirtualTimer
    app: Starlette
    url: str

    @property
    def calls(self) -> list[Any]:
        return self.app.state.calls

    @property
    def waits(self) -> list[float]:
        return self.timer.sleeps


@contextmanager
def reaching(
    app: Starlette,
    *,
    token: str = TOKEN,
    secret: str | None = None,
    version: str = "v26.0",
    timer: VirtualTimer | None = None,
    read_seconds: float = 20,
    patience_seconds: float = 900,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Reached]:
    """Serve an app and yield a client of it that waits in no time."""
    timer = timer or VirtualTimer()
    with serve(app) as url:
        api = open_api(
            access_token=token,
            app_secret=secret,
            graph_url=url,
            api_version=version,
            timeout=(5, read_seconds),
        )
        pacer = Pacer(
            timer,
            patience_seconds=patience_seconds,
            jitter=lambda: 0,
            on_wait=on_wait,
        )
        client = GraphClient(api, pacer, jitter=lambda: 0)
        yield Reached(client, pacer, timer, app, url)


def answering(*answers: Answer) -> Starlette:
    """Return an app that gives these answers one after the other, then the last."""
    left = list(answers)
    calls: list[dict[str, str]] = []

    async def endpoint(request: Request) -> Response:
        calls.append({"path": request.path_params["path"], **request.query_params})
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer if isinstance(answer, Response) else answer(request)

    route = Route("/{path:path}", endpoint, methods=["GET", "POST"])
    app = Starlette(routes=[route])
    app.state.calls = calls
    return app


def body(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer: a text as it is, all else as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Response(text, status, dict(headers or {}), media_type="application/json")


def refusal(
    code: int,
    *,
    subcode: int | None = None,
    message: str = "no",
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error object as Facebook words it."""
    error = {"message": message, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    return body({"error": error}, status, headers)


def page(*ids: str, after: str | None = None, **more: object) -> Response:
    """Return a page of objects; `after` says that another follows."""
    paging = {"next": "https://x/", "cursors": {"after": after}} if after else {}
    return body({"data": [{"id": one} for one in ids], "paging": paging, **more})
