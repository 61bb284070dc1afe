"""One page of a list, as AmoCRM cuts and wraps it.

Which rows there are belongs to `lists.py`, what stands in them to `showing.py`.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.behaviour import MAX_LIMIT, Behaviour
from pipelines.sandbox.story.world import Document

DEFAULT_LIMIT = 50
# Seen on real accounts: asked for more than it gives, the feed gives half.
EVENTS_LIMIT_WHEN_ASKED_FOR_MORE = 50


def number(request: Request, name: str, default: int) -> int | None:
    """Read a positive number of the query; None when it is none."""
    given = request.query_params.get(name, str(default))
    is_number = given.isascii() and given.isdecimal()
    return int(given) if is_number and int(given) > 0 else None


def one_page(
    request: Request,
    name: str,
    rows: list[Document],
    *,
    behaviour: Behaviour,
    limit: int | None = None,
    show: Callable[[Document], Document] = dict,
) -> Response:
    """Answer one page, 204 without a body when it would be empty."""
    page = number(request, "page", 1)
    asked = limit or number(request, "limit", DEFAULT_LIMIT)
    if page is None or asked is None:
        return refusals.problem(
            400, "Bad Request", "page and limit are positive integers"
        )
    if asked > MAX_LIMIT:
        detail = f"limit is above {MAX_LIMIT}"
        return refusals.problem(422, "Unprocessable Entity", detail)
    if behaviour.too_large_above is not None and asked > behaviour.too_large_above:
        return refusals.too_large()
    size = min(asked, behaviour.page_cap)
    shown = rows[(page - 1) * size : page * size]
    if not shown:
        return Response(status_code=204)
    links = {"self": {"href": str(request.url)}}
    follows = len(rows) > page * size or behaviour.always_says_next
    if follows and not behaviour.missing_next:
        following = request.url.include_query_params(page=page + 1)
        links["next"] = {"href": str(following)}
    documents = linked([show(row) for row in shown], request)
    body = {"_page": page, "_links": links, "_embedded": {name: documents}}
    return JSONResponse(body)


def whole(
    request: Request, name: str, rows: list[Document], *, behaviour: Behaviour
) -> Response:
    """Answer a list that has no pages; asked for a later one, it may come again."""
    if number(request, "page", 1) != 1 and not behaviour.repeats_whole_lists:
        return Response(status_code=204)
    links = {"self": {"href": str(request.url)}}
    body: Document = {
        "_total_items": len(rows),
        "_links": links,
        "_embedded": {name: linked(rows, request)},
    }
    return JSONResponse(body)


def events_limit(request: Request, behaviour: Behaviour) -> int | None:
    """Return how many events are shown; asked for too many, only half a page."""
    asked = number(request, "limit", DEFAULT_LIMIT)
    if asked and asked <= MAX_LIMIT and asked > behaviour.events_limit:
        return EVENTS_LIMIT_WHEN_ASKED_FOR_MORE
    return asked


def linked(rows: list[Document], request: Request) -> list[Document]:
    """Add to documents the link that repeats the request, as the real one does."""
    return [
        row | {"_links": {"self": {"href": _address(row, request)}}}
        if "id" in row
        else row
        for row in rows
    ]


def _address(row: Document, request: Request) -> str:
    return str(request.url.replace(path=f"{request.url.path}/{row['id']}"))
