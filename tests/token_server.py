"""AmoCRM's token endpoint and one guarded page, in the two ways servers are said to be.

Strict: a refresh token is dead once it is asked with, and the old access token with it.
Grace: the old pair lives until a new one is used; asked with again, it gives another.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CODE = "def50200-a-code"
SECRET = "the-secret-of-the-integration"
REDIRECT = "https://school.example.com/amocrm"
CLIENT = "0b1c2d3e-integration"


@dataclass
class TokenServer:
    """One integration's tokens; pair number n is `access-n` and `refresh-n`."""

    mode: Literal["strict", "grace"] = "strict"
    expires_in: object = 86_400
    # Given instead of the true answer, after the tokens were renewed all the same.
    lost: deque[Response] = field(default_factory=deque)
    # Given instead of it, before anything is renewed.
    refused: deque[Response] = field(default_factory=deque)
    exchanges: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.newest = 1
        self.alive = {1}

    @property
    def app(self) -> Starlette:
        """Return what is served."""
        return Starlette(
            routes=[
                Route("/oauth2/access_token", self._exchange, methods=["POST"]),
                Route("/api/v4/account", self._account, methods=["GET"]),
            ]
        )

    def revoke(self) -> None:
        """Let all tokens die, as when the integration is removed."""
        self.alive.clear()

    async def _exchange(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(("POST", request.url.path))
        if self.refused:
            return self.refused.popleft()
        owner = (body["client_id"], body["client_secret"], body["redirect_uri"])
        if owner != (CLIENT, SECRET, REDIRECT):
            return _hint(401, "Client authentication failed")
        with self._lock:
            if not self._accepts(body):
                return _hint(400, "Token has been revoked")
            self.exchanges += 1
            self.newest += 1
            if self.mode == "strict":
                self.alive.clear()
            self.alive.add(self.newest)
            answer = self._pair(self.newest)
        return self.lost.popleft() if self.lost else JSONResponse(answer)

    async def _account(self, request: Request) -> Response:
        self.requests.append(("GET", request.url.path))
        number = _number(request.headers.get("authorization", ""), "Bearer access-")
        with self._lock:
            if number not in self.alive:
                return _hint(401, "Token has been revoked")
            # A pair that is used is the one: those beside it die.
            self.alive = {number}
        return JSONResponse({"id": 31, "current_user_id": 11})

    def _accepts(self, body: dict[str, Any]) -> bool:
        if body["grant_type"] == "authorization_code":
            return bool(body["code"] == CODE)
        return _number(body["refresh_token"], "refresh-") in self.alive

    def _pair(self, number: int) -> dict[str, Any]:
        return {
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
        }


def _number(text: str, prefix: str) -> int:
    rest = text.removeprefix(prefix)
    return int(rest) if text.startswith(prefix) and rest.isdecimal() else 0


def _hint(status: int, hint: str) -> Response:
    body = {
        "hint": hint,
        "title": "Some error",
        "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
        "status": status,
        "detail": "The refresh token is invalid.",
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
