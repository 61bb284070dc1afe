"""The insights edge: asked at once, or through a report run.

Which rows answer belongs to `insights.py`, the states of a run to `reports.py`.
"""

from datetime import date

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.insights import said, selected_ad_days, selected_rows
from pipelines.sandbox.graph.listings import rows_page
from pipelines.sandbox.graph.objects import owner
from pipelines.sandbox.graph.pages import Document, page_limit
from pipelines.sandbox.graph.questions import Question, read_question
from pipelines.sandbox.graph.reports import result_of, start_run
from pipelines.sandbox.graph.state import Asked, Graph


def insights(graph: Graph, owner_id: str, asked: Asked) -> Document:
    """Answer for an account or object at once, or with a finished run's result."""
    if owner_id in graph.runs:
        question = result_of(graph, owner_id)
    else:
        question = _question(graph, owner_id, asked)
        graph.faults.before_rows(page_limit(asked.params, graph.page_size))
    if _is_poisoned(graph, question):
        raise refusals.poisoned(*graph.faults.poison_code)
    answer = rows_page(graph, selected_rows(graph.facebook, question), asked)
    answer["data"] = [
        said(
            row,
            question,
            silent_windows=graph.faults.silent_windows,
            silent_fields=graph.faults.silent_fields,
        )
        for row in answer["data"]
    ]
    return answer


def start_report(graph: Graph, owner_id: str, asked: Asked) -> Document:
    """Create a report run for a question."""
    question = _question(graph, owner_id, asked)
    fails = _is_poisoned(graph, question)
    return start_run(graph, question, asked.params, fails=fails)


def _question(graph: Graph, owner_id: str, asked: Asked) -> Question:
    if owner_id in graph.faults.gone_nodes:
        raise refusals.unknown_object(owner_id)
    account, narrowed = owner(graph, owner_id)
    return read_question(
        account["id"], asked.params, owner=narrowed, newest=_newest_day(graph)
    )


def _is_poisoned(graph: Graph, question: Question) -> bool:
    """Tell whether a question includes an ad, day and field that Facebook fails at."""
    poison = graph.faults.poison
    is_total = question.level == "account" and not question.rules
    if not poison or is_total:
        return False
    found = [
        poison.get((row["ad_id"], row["date_start"]), set())
        for row in selected_ad_days(graph.facebook, question)
    ]
    return any(one == "*" or set(one) & set(question.fields) for one in found)


def _newest_day(graph: Graph) -> date | None:
    """Return the last day that has figures: the emulator has no clock of its own."""
    days = [row["date_start"] for row in graph.facebook.account_days]
    return date.fromisoformat(max(days)) if days else None
