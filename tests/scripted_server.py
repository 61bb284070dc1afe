"""A server that gives scripted answers, the last one for ever, and notes the requests.

What it is asked for, and by whom, belongs to the tests.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Scripted:
    """An ASGI app; an answer that is no response is sent as JSON."""

    def __init__(self, *answers: Response | dict[str, Any]) -> None:
        self.answers = deque(answers)
        self.requests: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.requests.append(
            Asked(
                request.method,
                request.url.path,
                request.url.query,
                dict(request.headers),
                await request.body(),
            )
        )
        answer = self.answers[0]
        if len(self.answers) > 1:
            self.answers.popleft()
        if not isinstance(answer, Response):
            answer = JSONResponse(answer)
        await answer(scope, receive, send)
