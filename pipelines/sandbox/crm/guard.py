"""What every request meets before its endpoint: scripts, limits, refusals, the token.

The refusals themselves belong to `refusals.py`.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.state import Crm

Endpoint = Callable[[Request], Awaitable[Response]]
ROOT = "/api/v4/"
JSON = "application/json"


class Guard:
    """Stands in front of the endpoints of one CRM."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._behaviour = crm.behaviour

    def guarded(self, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Put what every request meets in front of the endpoint of its method."""

        async def answer(request: Request) -> Response:
            self._note(request)
            behaviour = self._behaviour
            with self._crm.quiet():
                if behaviour.before:
                    behaviour.before(request)
                scripted = behaviour.answers.popleft() if behaviour.answers else None
                refusal = scripted or self._refusal(request)
                if refusal:
                    return refusal
                endpoint = endpoints.get(request.method)
                if endpoint is None:
                    return _not_allowed(request)
                return self._perhaps_half(await endpoint(request))

        return answer

    def open(self, endpoint: Endpoint) -> Endpoint:
        """Note a request that needs no token."""

        async def answer(request: Request) -> Response:
            self._note(request)
            return await endpoint(request)

        return answer

    def _note(self, request: Request) -> None:
        self._behaviour.requests.append(str(request.url))
        self._behaviour.calls.append((request.method, request.url.path))

    def _refusal(self, request: Request) -> Response | None:
        behaviour = self._behaviour
        if behaviour.redirects_to:
            elsewhere = behaviour.redirects_to.rstrip("/")
            return RedirectResponse(f"{elsewhere}{request.url.path}", status_code=302)
        return (
            self._too_many()
            or self._forbidden(request)
            or self._unauthorized(request)
            or (refusals.unpaid() if behaviour.unpaid else None)
        )

    def _too_many(self) -> Response | None:
        """Refuse more requests than a second may have; then refuse everything."""
        crm, behaviour = self._crm, self._behaviour
        banned_after = behaviour.ban_after
        if banned_after is not None and behaviour.refused >= banned_after:
            return refusals.forbidden("html")
        now = time.monotonic()
        while crm.recent and crm.recent[0] <= now - 1:
            crm.recent.popleft()
        crm.recent.append(now)
        allowed = behaviour.requests_per_second
        if allowed is None or len(crm.recent) <= allowed:
            return None
        behaviour.refused += 1
        return refusals.too_many(behaviour)

    def _forbidden(self, request: Request) -> Response | None:
        behaviour = self._behaviour
        paths = behaviour.forbidden_paths
        if paths and request.url.path.removeprefix(ROOT) not in paths:
            return None
        if not paths and behaviour.forbidden is None:
            return None
        return refusals.forbidden(behaviour.forbidden or "json")

    def _unauthorized(self, request: Request) -> Response | None:
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ")
        if self._behaviour.token_mode == "long_lived":
            is_right = token == self._crm.world.access_token
        else:
            is_right = self._crm.desk.admits(token)
        is_whole = header.startswith("Bearer ") and is_right
        return None if is_whole else refusals.unauthorized()

    def _perhaps_half(self, response: Response) -> Response:
        if response.status_code != 200 or not self._behaviour.takes("half_json"):
            return response
        body = bytes(response.body)
        return Response(body[: len(body) // 2], media_type=JSON)


def _not_allowed(request: Request) -> Response:
    detail = f"{request.method} is not answered at {request.url.path}"
    return refusals.problem(405, "Method Not Allowed", detail)
