"""The address where tokens are given: `POST /oauth2/access_token`.

Which tokens are alive belongs to `tokens.py`.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.state import Crm
from pipelines.sandbox.crm.tokens import Pair
from pipelines.sandbox.graph.broken import broken


class Authorizing:
    """The endpoint of the desk."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    async def give(self, request: Request) -> Response:
        """Give a pair for a code or for a refresh token."""
        asked = await _read(request)
        refusal = self._refusal(asked)
        if refusal:
            return refusal
        if asked["grant_type"] == "refresh_token":
            return self._refresh(str(asked.get("refresh_token")))
        pair = self._crm.desk.exchange(str(asked.get("code")))
        if pair is None:
            return refusals.oauth("Authorization code has been revoked", 400)
        return self._answer(pair)

    def _refusal(self, asked: dict[str, Any]) -> Response | None:
        if asked.get("grant_type") not in ("authorization_code", "refresh_token"):
            return refusals.oauth("Check the `grant_type` parameter", 400)
        keys = (asked.get("client_id"), asked.get("client_secret"))
        if keys != (self._crm.desk.client_id, self._crm.desk.client_secret):
            return refusals.oauth("Client authentication failed")
        if asked.get("redirect_uri") != self._crm.desk.redirect_uri:
            return refusals.oauth("Check the `redirect_uri` parameter", 400)
        return None

    def _refresh(self, token: str) -> Response:
        """Give a new pair; sometimes nobody hears the answer."""
        behaviour = self._crm.behaviour
        pair = self._crm.desk.refresh(token, mode=behaviour.token_mode)
        if pair is None:
            return refusals.oauth("Token has been revoked")
        behaviour.refreshes += 1
        lost = behaviour.takes("lose_refresh_answer")
        return broken("reset") if lost else self._answer(pair)

    def _answer(self, pair: Pair) -> Response:
        desk = self._crm.desk
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": desk.access_seconds,
                "server_time": int(desk.clock()),
                "access_token": pair.access,
                "refresh_token": pair.refresh,
            }
        )


async def _read(request: Request) -> dict[str, Any]:
    """Read JSON or a form: both are accepted."""
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form"):
        return dict(parse_qsl(body.decode(errors="replace")))
    try:
        asked = json.loads(body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
