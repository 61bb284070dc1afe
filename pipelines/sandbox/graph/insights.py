"""Insights as Facebook computes them: which day rows a question selects.

Paging and report runs belong to `facebook.py`; the rows themselves to the story.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from facebook_business.adobjects.adsinsights import AdsInsights

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.story.world import FacebookWorld

FIELDS = frozenset(
    value
    for name, value in vars(AdsInsights.Field).items()
    if not name.startswith("_") and isinstance(value, str)
)
# What a row carries when no fields are asked for.
DEFAULT_FIELDS = ("account_id", "spend", "impressions")
HIDDEN_STATUSES = frozenset({"ARCHIVED", "DELETED"})
LEVELS = ("ad", "account")


@dataclass(frozen=True)
class Question:
    """One insights question, checked."""

    account_id: str
    level: str
    since: date
    until: date
    fields: tuple[str, ...]
    filters: tuple[Mapping[str, Any], ...]


def read_question(account_id: str, params: Mapping[str, str]) -> Question:
    """Check the parameters of an insights call as Facebook would."""
    level = params.get("level", "account")
    if level not in LEVELS:
        raise refusals.wrong_parameter("level", f"must be one of {LEVELS}.")
    if params.get("time_increment") != "1":
        raise refusals.wrong_parameter("time_increment", "must be 1 in the sandbox.")
    since, until = _time_range(params.get("time_range", ""))
    return Question(
        account_id=account_id,
        level=level,
        since=since,
        until=until,
        fields=_fields(params.get("fields", "")),
        filters=_filters(params.get("filtering", "[]")),
    )


def answer(facebook: FacebookWorld, question: Question) -> list[Document]:
    """Return the rows that answer a question, each with the requested fields only."""
    by_account = question.level == "account"
    rows = facebook.account_days if by_account else facebook.ad_days
    statuses = {ad["id"]: effective_status(ad) for ad in facebook.ads}
    names = {"date_start", "date_stop", *question.fields}
    return [
        {name: value for name, value in row.items() if name in names}
        for row in rows
        if f"act_{row['account_id']}" == question.account_id
        and question.since <= date.fromisoformat(row["date_start"]) <= question.until
        and (by_account or _is_selected(row, question.filters, statuses))
    ]


def effective_status(document: Document) -> str:
    """Return the status that Facebook filters by."""
    status = document.get("effective_status") or document.get("status") or "ACTIVE"
    return str(status)


def _is_selected(
    row: Document, filters: Sequence[Mapping[str, Any]], statuses: Mapping[str, str]
) -> bool:
    values = {
        "ad.effective_status": statuses.get(row["ad_id"], "DELETED"),
        "ad.id": row["ad_id"],
        "adset.id": row.get("adset_id"),
        "campaign.id": row.get("campaign_id"),
    }
    if not any(rule["field"] == "ad.effective_status" for rule in filters) and (
        values["ad.effective_status"] in HIDDEN_STATUSES
    ):
        return False
    return all(values[rule["field"]] in rule["value"] for rule in filters)


def _time_range(text: str) -> tuple[date, date]:
    try:
        value = json.loads(text)
        since, until = (date.fromisoformat(value[name]) for name in ("since", "until"))
    except (ValueError, KeyError, TypeError) as error:
        raise refusals.wrong_parameter(
            "time_range", "must be an object with since and until (YYYY-MM-DD)."
        ) from error
    if since > until:
        raise refusals.wrong_parameter("time_range", "has since after until.")
    return since, until


def _fields(text: str) -> tuple[str, ...]:
    """Read fields in both spellings: comma separated, or a JSON list in a form."""
    names = json.loads(text) if text.startswith("[") else text.split(",")
    fields = tuple(name.strip() for name in names if name.strip())
    for field in fields:
        if field not in FIELDS:
            raise refusals.unknown_insights_field(field)
    return fields or DEFAULT_FIELDS


def _filters(text: str) -> tuple[Mapping[str, Any], ...]:
    known = {"ad.effective_status", "ad.id", "adset.id", "campaign.id"}
    try:
        rules = json.loads(text)
        valid = all(
            rule["field"] in known
            and rule["operator"] == "IN"
            and isinstance(rule["value"], list)
            for rule in rules
        )
    except (ValueError, KeyError, TypeError):
        valid = False
    if not valid:
        raise refusals.wrong_parameter("filtering", "holds an unknown rule.")
    return tuple(rules)
