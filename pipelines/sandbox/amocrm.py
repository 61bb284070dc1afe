"""AmoCRM's API v4 on loopback: a world's documents, answered as the real one does.

Only the protocol: what the documents say belongs to `story/`, serving to `serving.py`.
"""

import copy
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipelines.sandbox.amocrm_filters import in_ranges, matches, ordered, values
from pipelines.sandbox.php import Array, parse_query
from pipelines.sandbox.story.world import AmocrmWorld, Document

MAX_LIMIT = 250
FIELDS_LIMIT = 50
EVENTS_LIMIT = 100
# Seen on real accounts: asked for more than it gives, the feed gives half.
EVENTS_LIMIT_WHEN_ASKED_FOR_MORE = 50
# What a lead or a contact embeds without being asked to.
ALWAYS_EMBEDDED = {"tags", "companies"}

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Behaviour:
    """How the emulator departs from a quiet day; tests change it while it serves."""

    requests_per_second: int | None = None
    retry_after: int = 300
    ignores_filters: bool = False
    ignores_only_deleted: bool = False
    always_says_next: bool = False
    page_cap: int = MAX_LIMIT
    # Given one by one instead of the true answers; None lets the true one through.
    answers: deque[Response | None] = field(default_factory=deque)
    # Called before each answer, for a world that changes between two requests.
    before: Callable[[Request], None] | None = None
    requests: list[str] = field(default_factory=list)


def amocrm_app(amocrm: AmocrmWorld, *, behaviour: Behaviour | None = None) -> Starlette:
    """Build the application; changes of the world's lists show in the next answer."""
    emulator = Emulator(amocrm, behaviour or Behaviour())
    endpoints: dict[str, Endpoint] = {
        "account": emulator.account,
        "users": emulator.users,
        "events": emulator.events,
        "leads": emulator.leads,
        "contacts": emulator.contacts,
        "leads/pipelines": emulator.pipelines,
        "leads/custom_fields": emulator.lead_fields,
        "contacts/custom_fields": emulator.contact_fields,
    }
    routes = [
        Route(f"/api/v4/{path}", emulator.guarded(endpoint), methods=["GET"])
        for path, endpoint in endpoints.items()
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found})


class Emulator:
    """The server side: one object per served world."""

    def __init__(self, amocrm: AmocrmWorld, behaviour: Behaviour) -> None:
        self._amocrm = amocrm
        self._behaviour = behaviour
        self._recent: deque[float] = deque()

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Put what every request meets in front of an endpoint."""

        async def answer(request: Request) -> Response:
            behaviour = self._behaviour
            behaviour.requests.append(str(request.url))
            if behaviour.before:
                behaviour.before(request)
            scripted = behaviour.answers.popleft() if behaviour.answers else None
            refusal = scripted or self._too_many() or self._unauthorized(request)
            return refusal or await endpoint(request)

        return answer

    async def account(self, request: Request) -> Response:
        document = copy.deepcopy(self._amocrm.account)
        wanted = set(request.query_params.get("with", "").split(","))
        _keep_embedded(document, wanted)
        document["_links"] = {"self": {"href": str(request.url)}}
        return JSONResponse(document)

    async def users(self, request: Request) -> Response:
        return self._page(request, "users", self._amocrm.users)

    async def pipelines(self, request: Request) -> Response:
        pipelines = self._amocrm.pipelines
        body = {
            "_total_items": len(pipelines),
            "_links": {"self": {"href": str(request.url)}},
            "_embedded": {"pipelines": [_linked(row, request) for row in pipelines]},
        }
        return JSONResponse(body)

    async def lead_fields(self, request: Request) -> Response:
        return self._fields(request, "leads")

    async def contact_fields(self, request: Request) -> Response:
        return self._fields(request, "contacts")

    async def leads(self, request: Request) -> Response:
        wanted = request.query_params.get("with", "").split(",")
        trashed = self._amocrm.trashed
        if "only_deleted" in wanted and not self._behaviour.ignores_only_deleted:
            return self._entities(request, "leads", trashed)
        gone = {stub["id"] for stub in trashed}
        living = [row for row in self._amocrm.leads if row["id"] not in gone]
        return self._entities(request, "leads", living)

    async def contacts(self, request: Request) -> Response:
        return self._entities(request, "contacts", self._amocrm.contacts)

    async def events(self, request: Request) -> Response:
        wanted = self._filters(request)
        types = values(wanted.get("type"))
        rows = [
            row
            for row in self._amocrm.events
            if (not types or row["type"] in types) and in_ranges(row, wanted)
        ]
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        return self._page(request, "events", rows, limit=_events_limit(request))

    def _entities(self, request: Request, name: str, rows: list[Document]) -> Response:
        wanted = self._filters(request)
        matching = [row for row in rows if matches(row, wanted)]
        order = parse_query(request.url.query).get("order")
        return self._page(request, name, ordered(matching, order))

    def _fields(self, request: Request, entity: str) -> Response:
        rows = self._amocrm.custom_fields.get(entity, [])
        return self._page(request, "custom_fields", rows, default=FIELDS_LIMIT)

    def _page(
        self,
        request: Request,
        name: str,
        rows: list[Document],
        *,
        default: int = FIELDS_LIMIT,
        limit: int | None = None,
    ) -> Response:
        """Answer one page, 204 without a body when it would be empty."""
        page = _number(request, "page", 1)
        limit = limit or _number(request, "limit", default)
        if page is None or limit is None:
            return _problem(400, "Bad Request", "page and limit are positive integers")
        if limit > MAX_LIMIT:
            return _problem(422, "Unprocessable Entity", f"limit is above {MAX_LIMIT}")
        limit = min(limit, self._behaviour.page_cap)
        shown = rows[(page - 1) * limit : page * limit]
        if not shown:
            return Response(status_code=204)
        links = {"self": {"href": str(request.url)}}
        if len(rows) > page * limit or self._behaviour.always_says_next:
            following = request.url.include_query_params(page=page + 1)
            links["next"] = {"href": str(following)}
        documents = [_linked(row, request) for row in shown]
        body = {"_page": page, "_links": links, "_embedded": {name: documents}}
        return JSONResponse(body)

    def _filters(self, request: Request) -> Array:
        wanted = parse_query(request.url.query).get("filter")
        if self._behaviour.ignores_filters or not isinstance(wanted, dict):
            return {}
        return wanted

    def _too_many(self) -> Response | None:
        allowed = self._behaviour.requests_per_second
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        self._recent.append(now)
        if allowed is None or len(self._recent) <= allowed:
            return None
        wait = self._behaviour.retry_after
        return _problem(429, "Too Many Requests", "slow down", retry_after=wait)

    def _unauthorized(self, request: Request) -> Response | None:
        expected = f"Bearer {self._amocrm.access_token}"
        if request.headers.get("authorization") == expected:
            return None
        return _problem(401, "Unauthorized", "the token is wrong, expired or revoked")


def _events_limit(request: Request) -> int | None:
    asked = _number(request, "limit", FIELDS_LIMIT)
    if asked and asked > EVENTS_LIMIT:
        return EVENTS_LIMIT_WHEN_ASKED_FOR_MORE
    return asked


def _number(request: Request, name: str, default: int) -> int | None:
    given = request.query_params.get(name, str(default))
    return int(given) if given.isdecimal() and int(given) > 0 else None


def _linked(row: Document, request: Request) -> Document:
    """Show a document with the link that repeats the request, as the real one does."""
    document = copy.deepcopy(row)
    wanted = request.query_params.get("with", "").split(",")
    if request.url.path.endswith(("/leads", "/contacts")):
        _keep_embedded(document, ALWAYS_EMBEDDED | set(wanted))
    path = f"{request.url.path}/{row['id']}"
    document["_links"] = {"self": {"href": str(request.url.replace(path=path))}}
    return document


def _keep_embedded(document: Document, wanted: set[str]) -> None:
    embedded: dict[str, Any] | None = document.pop("_embedded", None)
    kept = {name: rows for name, rows in (embedded or {}).items() if name in wanted}
    if kept:
        document["_embedded"] = kept


def _problem(status: int, title: str, detail: str, **more: object) -> Response:
    body = {
        "title": title,
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


async def _not_found(request: Request, _: Exception) -> Response:
    return _problem(404, "Not Found", f"nothing answers at {request.url.path}")
