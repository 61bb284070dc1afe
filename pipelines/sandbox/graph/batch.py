"""Batches: several questions in one call, each answered as if it had come alone."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.graph.state import Asked, Graph

LARGEST = 50
CREDENTIALS = ("access_token", "appsecret_proof")
Route = Callable[[list[str], Asked], Document]


def answer_batch(
    graph: Graph, asked: Asked, *, root: str, route: Route
) -> list[Document | None]:
    """Answer each question of a batch; null for one that Facebook did not get to."""
    try:
        items = json.loads(asked.params["batch"])
        questions = [_question(item, asked, root) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusals.wrong_parameter("batch", "must be an array.") from error
    if len(questions) > LARGEST:
        raise refusals.batch_too_large()
    return [
        None if graph.faults.skips_in_batch() else _answer(parts, question, route)
        for parts, question in questions
    ]


def _question(item: Any, asked: Asked, root: str) -> tuple[list[str], Asked]:  # noqa: ANN401 - JSON
    parts = urlsplit(item["relative_url"])
    path = parts.path.strip("/")
    own = dict(parse_qsl(parts.query)) | dict(parse_qsl(item.get("body", "")))
    outer = {name: asked.params[name] for name in CREDENTIALS if name in asked.params}
    question = Asked(item["method"], {**outer, **own}, f"{root}/{path}")
    return path.split("/"), question


def _answer(parts: list[str], question: Asked, route: Route) -> Document:
    status: int = HTTPStatus.OK
    try:
        body = route(parts, question)
    except refusals.Refusal as refusal:
        status, body = refusal.status, {"error": refusal.error}
    return {
        "code": status,
        "headers": [{"name": "Content-Type", "value": "text/javascript"}],
        "body": json.dumps(body, ensure_ascii=False),
    }
