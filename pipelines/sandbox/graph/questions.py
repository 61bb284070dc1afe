"""An insights question: the parameters of a call, checked as Facebook checks them.

The rows that answer it belong to `insights.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from facebook_business.adobjects.adsinsights import AdsInsights

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.filters import Rule, read_rules


def _values(enum: type) -> frozenset[str]:
    return frozenset(
        value
        for name, value in vars(enum).items()
        if not name.startswith("_") and isinstance(value, str)
    )


FIELDS = _values(AdsInsights.Field)
WINDOWS = _values(AdsInsights.ActionAttributionWindows)
# What a row carries when no fields are asked for.
DEFAULT_FIELDS = ("account_id", "spend", "impressions")
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
LEVELS = ("account", "campaign", "adset", "ad")
KINDS = ("ad", "adset", "campaign")
FILTERS = frozenset(
    f"{kind}.{name}" for kind in KINDS for name in ("id", "effective_status")
)
# Retention: "37 months"; the day before may still be answered.
RETENTION_MONTHS = 37


@dataclass(frozen=True)
class Question:
    """One insights question, checked; `owner` may narrow it to one object."""

    account_id: str
    level: str
    since: date
    until: date
    fields: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    windows: tuple[str, ...] = ()
    is_hourly: bool = False


def read_question(
    account_id: str,
    params: Mapping[str, str],
    *,
    owner: Rule | None = None,
    newest: date | None = None,
) -> Question:
    """Check the parameters of an insights call as Facebook would.

    `owner` narrows the question to one object; `newest` is the last day with figures.
    """
    level = params.get("level", owner.field.split(".")[0] if owner else "account")
    if level not in LEVELS:
        raise refusals.wrong_parameter("level", f"must be one of {LEVELS}.")
    if params.get("time_increment") != "1":
        raise refusals.wrong_parameter("time_increment", "must be 1 in the sandbox.")
    if "summary" in params:
        raise refusals.wrong_summary(params["summary"])
    since, until = _time_range(params.get("time_range", ""))
    if newest and since < _first_kept(newest):
        raise refusals.too_long_ago()
    rules = read_rules(params, lists=FILTERS)
    return Question(
        account_id=account_id,
        level=level,
        since=since,
        until=until,
        fields=_fields(params.get("fields", "")),
        rules=(*rules, owner) if owner else rules,
        windows=_windows(params),
        is_hourly=_is_hourly(params, level),
    )


def _first_kept(newest: date) -> date:
    months = newest.year * 12 + newest.month - 1 - RETENTION_MONTHS
    first = date(months // 12, months % 12 + 1, 1)
    day = min(newest.day, 28)
    return date.fromordinal(first.replace(day=day).toordinal() - 1)


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


def _names(text: str) -> tuple[str, ...]:
    """Read names in both spellings: comma separated, or a JSON list."""
    try:
        names = json.loads(text) if text.startswith("[") else text.split(",")
        return tuple(name.strip() for name in names if name.strip())
    except (ValueError, AttributeError) as error:
        raise refusals.wrong_parameter("fields", "must be an array.") from error


def _fields(text: str) -> tuple[str, ...]:
    fields = _names(text)
    for field in fields:
        if field not in FIELDS:
            raise refusals.unknown_insights_field(field)
    return fields or DEFAULT_FIELDS


def _windows(params: Mapping[str, str]) -> tuple[str, ...]:
    windows = _names(params.get("action_attribution_windows", ""))
    for window in windows:
        if window not in WINDOWS:
            raise refusals.wrong_parameter(
                "action_attribution_windows", f"must be one of {sorted(WINDOWS)}."
            )
    return windows


def _is_hourly(params: Mapping[str, str], level: str) -> bool:
    breakdowns = _names(params.get("breakdowns", ""))
    if not breakdowns:
        return False
    if breakdowns != (HOURLY,) or level != "account":
        raise refusals.wrong_parameter(
            "breakdowns", f"must be {HOURLY} of level account in the sandbox."
        )
    return True
