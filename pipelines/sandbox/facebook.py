"""Facebook's Graph API v26 on a laptop: the same protocol, answers from a story.

It checks the shape of each request and answers wrong ones as Facebook would. The
answers belong to the modules of `graph`; what goes wrong on purpose is switched on in
`graph/faults.py`.
"""

from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.activities import activities
from pipelines.sandbox.graph.batch import CREDENTIALS, answer_batch
from pipelines.sandbox.graph.broken import broken
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.graph.leadgen import lead_forms, lead_node, leads, my_pages
from pipelines.sandbox.graph.limits import usage_headers
from pipelines.sandbox.graph.objects import EDGES, my_accounts, object_node, objects
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.graph.reporting import insights, start_report
from pipelines.sandbox.graph.reports import look_at_run
from pipelines.sandbox.graph.state import Asked, Call, Graph
from pipelines.sandbox.graph.tokens import check_credentials, debug_token, permissions
from pipelines.sandbox.story.world import FacebookWorld

VERSION = "v26.0"
# The largest page Facebook gives, whatever is asked for.
PAGE_SIZE = 500


def facebook_app(
    facebook: FacebookWorld,
    *,
    app_secret: str | None = None,
    faults: Faults | None = None,
    page_size: int = PAGE_SIZE,
) -> Starlette:
    """Return the emulator; `app.state.calls` lists what it was asked."""
    graph = Graph(facebook, faults or Faults(), app_secret, page_size)

    async def endpoint(request: Request) -> Response:
        params = dict(request.query_params)
        if request.method == "POST":
            params |= dict(parse_qsl((await request.body()).decode()))
        return _respond(graph, request, params)

    route = Route("/{version}/{path:path}", endpoint, methods=["GET", "POST"])
    app = Starlette(routes=[route])
    app.state.calls = graph.calls
    app.state.faults = graph.faults
    return app


def _respond(graph: Graph, request: Request, params: dict[str, str]) -> Response:
    path = request.path_params["path"].strip("/")
    hidden = {*CREDENTIALS, "input_token"}
    shown = {name: text for name, text in params.items() if name not in hidden}
    agent = request.headers.get("user-agent", "")
    graph.calls.append(Call(request.method, path, shown, agent))
    if instead := graph.faults.next_transport():
        return broken(instead)
    asked = Asked(request.method, params, str(request.url.replace(query="")))
    try:
        body = _answer(graph, path, asked, version=request.path_params["version"])
    except refusals.Refusal as refusal:
        return refusal.response()
    return JSONResponse(body, headers=usage_headers(graph, VERSION))


def _answer(graph: Graph, path: str, asked: Asked, *, version: str) -> Any:  # noqa: ANN401 - JSON
    graph.faults.before_call()
    parts = path.split("/")
    check_credentials(graph, asked.params, edge="".join(parts[1:2]))
    if version != VERSION or graph.faults.version_ended:
        raise refusals.version_ended(version)
    if asked.method == "POST" and not path:

        def route(parts: list[str], asked: Asked) -> Document:
            check_credentials(graph, asked.params, edge="".join(parts[1:2]))
            return _route(graph, parts, asked)

        return answer_batch(graph, asked, root=asked.url.rstrip("/"), route=route)
    return _route(graph, parts, asked)


def _route(graph: Graph, parts: list[str], asked: Asked) -> Document:
    if asked.method == "POST":
        if parts[1:] != ["insights"]:
            raise refusals.unknown_path("/".join(parts))
        return start_report(graph, parts[0], asked)
    graph.faults.before_page(asked.params)
    match parts:
        case ["me", edge]:
            return _mine(graph, edge, asked)
        case ["debug_token"]:
            return debug_token(graph, asked)
        case [node_id]:
            return _node(graph, node_id, asked)
        case [owner_id, edge]:
            return _edge(graph, owner_id, edge, asked)
    raise refusals.unknown_path("/".join(parts))


def _mine(graph: Graph, edge: str, asked: Asked) -> Document:
    match edge:
        case "adaccounts":
            return my_accounts(graph, asked)
        case "accounts":
            return my_pages(graph, asked)
        case "permissions":
            return permissions(graph)
    raise refusals.unknown_path(f"me/{edge}")


def _edge(graph: Graph, owner_id: str, edge: str, asked: Asked) -> Document:
    match edge:
        case "insights":
            return insights(graph, owner_id, asked)
        case "activities":
            return activities(graph, owner_id, asked)
        case "leadgen_forms":
            return lead_forms(graph, owner_id, asked)
        case "leads":
            return leads(graph, owner_id, asked)
    if edge in EDGES:
        return objects(graph, owner_id, edge, asked)
    raise refusals.unknown_path(f"{owner_id}/{edge}")


def _node(graph: Graph, node_id: str, asked: Asked) -> Document:
    if node_id in graph.faults.gone_nodes:
        raise refusals.unknown_object(node_id)
    if node_id in graph.runs:
        return look_at_run(graph, node_id)
    found = object_node(graph, node_id, asked) or lead_node(graph, node_id, asked)
    if found is None:
        raise refusals.unknown_object(node_id)
    return found
