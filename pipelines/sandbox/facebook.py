"""Facebook's Graph API v26 on a laptop: the same protocol, answers from a story.

It checks the shape of each request and answers wrong ones as Facebook would. What goes
wrong on purpose is switched on in `graph/faults.py`.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipelines.sandbox.graph import insights, refusals
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.graph.pages import (
    Document,
    json_list,
    page,
    page_limit,
    select_fields,
)
from pipelines.sandbox.story.world import FacebookWorld

VERSION = "v26.0"
# The largest page Facebook gives, whatever is asked for.
PAGE_SIZE = 500
FIRST_RUN_ID = 6_000_000_000_001
# Edge of an account → the objects it lists, as the SDK knows them.
EDGES = {"campaigns": Campaign, "adsets": AdSet, "ads": Ad, "adcreatives": AdCreative}


@dataclass(frozen=True)
class Call:
    """One request as it came in, without its credentials."""

    method: str
    path: str
    params: Mapping[str, str]
    user_agent: str


@dataclass
class Run:
    """One asynchronous report: it runs at the first look and is ready at the second."""

    question: insights.Question
    looks: int = 0


@dataclass
class Graph:
    """The emulator's state: the story, the switches, the report runs, the calls."""

    facebook: FacebookWorld
    faults: Faults
    app_secret: str | None
    page_size: int
    calls: list[Call] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)


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
        try:
            body = _answer(graph, request, params)
        except refusals.Refusal as refusal:
            return refusal.response()
        return JSONResponse(body, headers=_usage_headers(facebook))

    route = Route("/{version}/{path:path}", endpoint, methods=["GET", "POST"])
    app = Starlette(routes=[route])
    app.state.calls = graph.calls
    app.state.faults = graph.faults
    return app


def _answer(graph: Graph, request: Request, params: dict[str, str]) -> Document:
    path = request.path_params["path"].strip("/")
    asked = {
        name: value
        for name, value in params.items()
        if name not in ("access_token", "appsecret_proof")
    }
    agent = request.headers.get("user-agent", "")
    graph.calls.append(Call(request.method, path, asked, agent))
    graph.faults.before_call()
    _check_credentials(graph, params)
    if request.path_params["version"] != VERSION:
        raise refusals.version_ended(request.path_params["version"])
    if request.method == "POST" and not path.endswith("/insights"):
        raise refusals.unknown_path(path)
    url = str(request.url.replace(query=""))
    return _route(graph, path.split("/"), params, url=url, method=request.method)


def _route(
    graph: Graph, parts: list[str], params: dict[str, str], *, url: str, method: str
) -> Document:
    match parts:
        case ["me", "adaccounts"]:
            accounts = _reachable_accounts(graph)
            return _edge(graph, accounts, params, url=url, of=AdAccount)
        case [account_id, "insights"] if method == "POST":
            return _start_run(graph, account_id, params)
        case [owner_id, "insights"]:
            return _insights(graph, owner_id, params, url=url)
        case [account_id, edge] if edge in EDGES:
            return _objects(graph, account_id, params, url=url, edge=edge)
        case [node_id]:
            return _node(graph, node_id, params)
    raise refusals.unknown_path("/".join(parts))


def _check_credentials(graph: Graph, params: Mapping[str, str]) -> None:
    token = params.get("access_token")
    if not token:
        raise refusals.token_missing()
    if token != graph.facebook.access_token:
        raise refusals.token_wrong()
    proof = params.get("appsecret_proof")
    if graph.app_secret is None:
        return
    if proof is None:
        raise refusals.proof_missing()
    expected = hmac.new(graph.app_secret.encode(), token.encode(), hashlib.sha256)
    if not hmac.compare_digest(proof, expected.hexdigest()):
        raise refusals.proof_wrong()


def _all_objects(facebook: FacebookWorld, edge: str) -> list[Document]:
    return {
        "campaigns": facebook.campaigns,
        "adsets": facebook.ad_sets,
        "ads": facebook.ads,
        "adcreatives": facebook.creatives,
    }[edge]


def _account(graph: Graph, account_id: str) -> Document:
    """Return an account that the token reaches."""
    graph.faults.before_account(account_id)
    for account in graph.facebook.accounts:
        if account["id"] == account_id:
            return account
    raise refusals.unknown_object(account_id)


def _reachable_accounts(graph: Graph) -> list[Document]:
    return [
        account
        for account in graph.facebook.accounts
        if account["id"] not in graph.faults.denied
    ]


def _objects(
    graph: Graph, account_id: str, params: Mapping[str, str], *, url: str, edge: str
) -> Document:
    account = _account(graph, account_id)
    objects = [
        document
        for document in _all_objects(graph.facebook, edge)
        if document["account_id"] == account["account_id"]
    ]
    if edge != "adcreatives":
        wanted = json_list(params, "effective_status")
        objects = [document for document in objects if _is_listed(document, wanted)]
    return _edge(graph, objects, params, url=url, of=EDGES[edge])


def _is_listed(document: Document, wanted: Sequence[str] | None) -> bool:
    status = insights.effective_status(document)
    return status in wanted if wanted else status not in insights.HIDDEN_STATUSES


def _edge(
    graph: Graph,
    objects: Sequence[Document],
    params: Mapping[str, str],
    *,
    url: str,
    of: type,
) -> Document:
    fields = _checked_fields(params, of=of)
    rows = [select_fields(document, fields) for document in objects]
    return page(rows, params, url=url, largest=graph.page_size)


def _node(graph: Graph, node_id: str, params: Mapping[str, str]) -> Document:
    if node_id in graph.runs:
        return _look_at_run(graph, node_id)
    if node_id.startswith("act_"):
        account = _account(graph, node_id)
        return select_fields(account, _checked_fields(params, of=AdAccount))
    for edge, of in EDGES.items():
        for document in _all_objects(graph.facebook, edge):
            if document["id"] == node_id:
                graph.faults.before_account(f"act_{document['account_id']}")
                return select_fields(document, _checked_fields(params, of=of))
    raise refusals.unknown_object(node_id)


def _checked_fields(params: Mapping[str, str], *, of: type) -> list[str]:
    enum: Any = of
    known = {value for value in vars(enum.Field).values() if isinstance(value, str)}
    fields = [name.strip() for name in params.get("fields", "id").split(",")]
    for name in fields:
        if name.split("{")[0] not in known:
            raise refusals.unknown_field(name, kind=of.__name__)
    return fields


def _insights(
    graph: Graph, owner_id: str, params: Mapping[str, str], *, url: str
) -> Document:
    """Answer for an account at once, or with the result of a finished report run."""
    if owner_id in graph.runs:
        question = graph.runs[owner_id].question
    else:
        _account(graph, owner_id)
        question = insights.read_question(owner_id, params)
        graph.faults.before_rows(page_limit(params, graph.page_size))
    rows = insights.answer(graph.facebook, question)
    return page(rows, params, url=url, largest=graph.page_size)


def _start_run(graph: Graph, account_id: str, params: Mapping[str, str]) -> Document:
    _account(graph, account_id)
    if not params.get("fields", "[").startswith("["):
        raise refusals.wrong_parameter("fields", "must be an array.")
    run_id = str(FIRST_RUN_ID + len(graph.runs))
    graph.runs[run_id] = Run(insights.read_question(account_id, params))
    return {"report_run_id": run_id}


def _look_at_run(graph: Graph, run_id: str) -> Document:
    run = graph.runs[run_id]
    run.looks += 1
    is_done = run.looks > 1
    return {
        "id": run_id,
        "account_id": run.question.account_id.removeprefix("act_"),
        "async_status": "Job Completed" if is_done else "Job Running",
        "async_percent_completion": 100 if is_done else 40,
        "date_start": run.question.since.isoformat(),
        "date_stop": run.question.until.isoformat(),
    }


def _usage_headers(facebook: FacebookWorld) -> dict[str, str]:
    """Return the rate headers of a quiet hour."""
    usage = {"call_count": 1, "total_cputime": 1, "total_time": 1}
    business = {
        account["account_id"]: [
            {"type": "ads_insights", **usage, "estimated_time_to_regain_access": 0}
        ]
        for account in facebook.accounts[:1]
    }
    return {
        "facebook-api-version": VERSION,
        "x-app-usage": json.dumps(usage),
        "x-business-use-case-usage": json.dumps(business),
        "x-ad-account-usage": json.dumps(
            {"acc_id_util_pct": 1.5, "reset_time_duration": 0}
        ),
        "x-fb-ads-insights-throttle": json.dumps(
            {"app_id_util_pct": 1.0, "acc_id_util_pct": 1.5}
        ),
    }
