"""The `filtering` parameter: its rules, checked, and the rows they let through.

Which fields may be filtered is said by the edge that takes them.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document

HIDDEN_STATUSES = frozenset({"ARCHIVED", "DELETED"})
LIST_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "IN": lambda value, wanted: value in wanted,
    "NOT_IN": lambda value, wanted: value not in wanted,
}
NUMBER_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda value, wanted: value == wanted,
    "GREATER_THAN": lambda value, wanted: value > wanted,
    "GREATER_THAN_OR_EQUAL": lambda value, wanted: value >= wanted,
    "LESS_THAN": lambda value, wanted: value < wanted,
    "LESS_THAN_OR_EQUAL": lambda value, wanted: value <= wanted,
}


@dataclass(frozen=True)
class Rule:
    """One rule of `filtering`."""

    field: str
    operator: str
    value: Any

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Tell whether an object with these values passes."""
        found = values.get(self.field)
        if self.operator in LIST_OPERATORS:
            return LIST_OPERATORS[self.operator](found, self.value)
        return found is not None and NUMBER_OPERATORS[self.operator](found, self.value)


def read_rules(
    params: Mapping[str, str],
    *,
    lists: Collection[str] = (),
    times: Collection[str] = (),
) -> tuple[Rule, ...]:
    """Read the rules; `lists` take IN and NOT_IN, `times` are compared in seconds."""
    try:
        rules = [_rule(item, lists, times) for item in _items(params)]
    except (ValueError, KeyError, TypeError) as error:
        raise refusals.wrong_parameter("filtering", "holds an unknown rule.") from error
    return tuple(rules)


def effective_status(document: Document) -> str:
    """Return the status that Facebook filters by."""
    status = document.get("effective_status") or document.get("status") or "ACTIVE"
    return str(status)


def seconds(text: str) -> int:
    """Return the moment of an API timestamp as Unix time."""
    return int(datetime.fromisoformat(text).timestamp())


def _items(params: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    items = json.loads(params.get("filtering", "[]"))
    if not isinstance(items, list):
        raise TypeError("filtering is no list")
    return items


def _rule(
    item: Mapping[str, Any], lists: Collection[str], times: Collection[str]
) -> Rule:
    field, operator, value = item["field"], item["operator"], item["value"]
    if field in lists and operator in LIST_OPERATORS and isinstance(value, list):
        return Rule(field, operator, value)
    if field in times and operator in NUMBER_OPERATORS:
        return Rule(field, operator, int(value))
    raise ValueError("an unknown rule")
