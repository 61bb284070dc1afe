"""Day figures of an account as insights rows: levels, filters, hours, fields.

Pages of them belong to `paging.py`, report jobs to `jobs.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.facebook.foreign.asking import Question, Refusal
from tests.facebook.foreign.money import NOTHING, Figures, spend_text
from tests.facebook.foreign.objects import HIDDEN
from tests.facebook.foreign.truth import Account

Document = dict[str, Any]

LEVELS = {
    "account": "",
    "campaign": "campaign_id",
    "adset": "adset_id",
    "ad": "id",
}
KINDS = {"campaign": "campaigns", "adset": "adsets", "ad": "ads"}
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev")
# Accepted, and then never answered.
SILENT_WINDOWS = ("7d_view", "28d_view")
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
KEPT_DAYS = 37 * 31
Key = tuple[str, date, int]


@dataclass
class Poison:
    """An ad's day that cannot be answered: one field of it, or "*" for all."""

    ad_id: str
    day: date
    field: str = "*"


@dataclass
class Asked:
    """An insights question in full."""

    level: str
    fields: list[str]
    since: date
    until: date
    windows: list[str]
    is_hourly: bool
    is_daily: bool
    is_filtered: bool
    is_seen: Callable[[str], bool]


def parse(question: Question, account: Account, today: date) -> Asked:
    """Take a question apart, or refuse it as Meta would."""
    span = question.json("time_range", {})
    try:
        since = date.fromisoformat(span["since"])
        until = date.fromisoformat(span["until"])
    except (KeyError, TypeError, ValueError):
        raise Refusal(100, "(#100) time_range needs since and until") from None
    if since > until:
        raise Refusal(100, "(#100) time_range: since is after until", subcode=1487590)
    if since < today - timedelta(days=KEPT_DAYS):
        raise Refusal(3018, "(#3018) The start date is beyond 37 months")
    level = question.params.get("level", "account")
    if level not in LEVELS:
        raise Refusal(100, "(#100) level must be one of account, campaign, adset, ad")
    windows = question.texts("action_attribution_windows")
    if strange := set(windows) - {*WINDOWS, *SILENT_WINDOWS, "default"}:
        raise Refusal(100, f"(#100) action_attribution_windows: {sorted(strange)}")
    breakdowns = question.texts("breakdowns")
    if set(breakdowns) - {HOURLY}:
        raise Refusal(100, f"(#100) breakdowns {breakdowns} are not known")
    return Asked(
        level,
        question.fields("insights"),
        since,
        until,
        windows,
        is_hourly=bool(breakdowns),
        is_daily=question.params.get("time_increment") == "1",
        is_filtered=bool(question.json("filtering", [])),
        is_seen=_filter(question, account, level),
    )


def _filter(question: Question, account: Account, level: str) -> Callable[[str], bool]:
    """Return which ads a question sees: without a status it hides old ones."""
    shelf = account.shelf
    filters = question.json("filtering", [])
    by_status = any(f["field"].endswith(".effective_status") for f in filters)
    hides = not by_status and level != "account"

    def value(name: str, ad_id: str) -> str:
        kind, _, attribute = name.partition(".")
        if kind not in KINDS:
            raise Refusal(100, f"(#100) Filtering field {name} is invalid")
        ad = shelf.by_kind["ads"][ad_id]
        object_id = ad[LEVELS[kind]]
        if attribute == "id":
            return str(object_id)
        if attribute != "effective_status":
            raise Refusal(100, f"(#100) Filtering field {name} is invalid")
        return shelf.status(KINDS[kind], object_id)

    def is_seen(ad_id: str) -> bool:
        if hides and shelf.status("ads", ad_id) in HIDDEN:
            return False
        return all(_matches(f, value(f["field"], ad_id)) for f in filters)

    return is_seen


def _matches(condition: Document, value: str) -> bool:
    wanted = condition["value"]
    match condition["operator"]:
        case "IN":
            return value in [str(item) for item in wanted]
        case "NOT_IN":
            return value not in [str(item) for item in wanted]
        case "EQUAL":
            return value == str(wanted)
    raise Refusal(100, f"(#100) operator {condition['operator']} is invalid")


def rows(account: Account, asked: Asked, poison: list[Poison]) -> list[Document]:
    """Return the rows of a question, in no promised order."""
    if asked.level == "ad":
        _refuse_poison(account, asked, poison)
    return [
        _row(account, asked, key, figures)
        for key, figures in _sums(account, asked).items()
    ]


def _refuse_poison(account: Account, asked: Asked, poison: list[Poison]) -> None:
    for bad in poison:
        if (
            (bad.ad_id, bad.day) in account.days
            and asked.since <= bad.day <= asked.until
            and (bad.field == "*" or bad.field in asked.fields)
            and asked.is_seen(bad.ad_id)
        ):
            message = "An unknown error occurred"
            raise Refusal(1, message, subcode=99, status=500)


def _sums(account: Account, asked: Asked) -> dict[Key, Figures]:
    """Add the figures up to the level, day and hour that are asked for."""
    sums: dict[Key, Figures] = {}
    for object_id, day, hour, figures in _parts(account, asked):
        if not asked.since <= day <= asked.until:
            continue
        key = object_id, day if asked.is_daily else asked.since, hour
        sums[key] = sums.get(key, NOTHING) + figures
    return sums


def _parts(account: Account, asked: Asked) -> Iterator[tuple[str, date, int, Figures]]:
    if asked.is_hourly:
        if asked.level != "account":
            raise Refusal(100, "(#100) this emulator has hours of accounts only")
        for day, hours in account.hours().items():
            for hour, figures in enumerate(hours):
                if figures != NOTHING:
                    yield "", day, hour, figures
        return
    if asked.level == "account" and not asked.is_filtered:
        for day, figures in account.surplus.items():
            yield "", day, -1, figures
    ads = account.shelf.by_kind["ads"]
    seen = {ad_id for ad_id in ads if asked.is_seen(ad_id)}
    parent = LEVELS[asked.level]
    for (ad_id, day), figures in account.days.items():
        if ad_id in seen:
            yield ads[ad_id][parent] if parent else "", day, -1, figures


def _row(account: Account, asked: Asked, key: Key, figures: Figures) -> Document:
    object_id, day, hour = key
    spend = figures.spend
    if "wish_bid" in asked.fields:
        spend *= 3
    full: Document = {
        "account_id": account.digits,
        "account_name": account.node["name"],
        "account_currency": account.currency,
        "spend": spend_text(spend, f"{object_id}{day}{hour}"),
        **_counts(figures),
        **_parents(account, asked.level, object_id),
    }
    actions = _actions(figures, asked.windows)
    if actions:
        full["actions"] = actions
    if figures.video_plays:
        plays = {"action_type": "video_view", "value": str(figures.video_plays)}
        full["video_play_actions"] = [plays]
    row = {name: full[name] for name in asked.fields if name in full}
    if asked.is_hourly:
        row.pop("reach", None)
        row[HOURLY] = f"{hour:02}:00:00 - {hour:02}:59:59"
    last = day if asked.is_daily else asked.until
    return row | {"date_start": day.isoformat(), "date_stop": last.isoformat()}


def _counts(figures: Figures) -> Document:
    """Return the counters; what is zero is not there."""
    counts = {
        "impressions": figures.impressions,
        "clicks": figures.clicks,
        "inline_link_clicks": figures.link_clicks,
        "reach": figures.reach,
    }
    return {name: str(count) for name, count in counts.items() if count}


def _actions(figures: Figures, windows: list[str]) -> list[Document]:
    kinds = {
        "link_click": figures.link_clicks,
        "post_engagement": figures.link_clicks * 2,
        "lead": figures.leads,
        "onsite_conversion.lead_grouped": figures.leads,
    }
    answered = [w for w in windows if w in WINDOWS]
    return [
        {
            "action_type": kind,
            "value": str(count),
            **{w: str(max(1, count // 2)) for w in answered},
        }
        for kind, count in kinds.items()
        if count
    ]


def _parents(account: Account, level: str, object_id: str) -> Document:
    """Return ids and names, as they are now, of an object and what holds it."""
    if level == "account":
        return {}
    shelf = account.shelf
    own = shelf.by_kind[KINDS[level]][object_id]
    found: Document = {f"{level}_id": object_id, f"{level}_name": own.get("name", "")}
    if level == "campaign":
        return found | {"objective": own["objective"]}
    if level == "ad":
        ad_set = shelf.by_kind["adsets"][own["adset_id"]]
        found |= {"adset_id": ad_set["id"], "adset_name": ad_set.get("name", "")}
        found["attribution_setting"] = "7d_click_1d_view"
    campaign = shelf.by_kind["campaigns"][own["campaign_id"]]
    return found | {
        "campaign_id": campaign["id"],
        "campaign_name": campaign.get("name", ""),
        "objective": campaign["objective"],
        "optimization_goal": "LEAD_GENERATION",
    }
