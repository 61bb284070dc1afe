"""The hours of the accounts whose days are not Almaty's, as Facebook breaks them down.

The days themselves belong to `advertising.py`; the hours add up to them exactly.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.sandbox.story.calendar import ALMATY
from pipelines.sandbox.story.campaigns import ACCOUNTS
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Document

BREAKDOWN = "hourly_stats_aggregated_by_advertiser_time_zone"
COUNTS = ("impressions", "clicks", "inline_link_clicks")
# How busy each hour of a day is.
BUSY = (3, 2, 1, 1, 0, 1, 3, 6, 9, 10, 9, 8, 9, 9, 8, 8, 9, 10, 12, 14, 13, 10, 7, 4)


def account_hours(draft: Draft, account_days: list[Document]) -> list[Document]:
    """Split the days of the accounts abroad over the hours that those days had."""
    dice = draft.dice("hours")
    zones = {
        account.digits: ZoneInfo(account.timezone)
        for account in ACCOUNTS
        if account.timezone != ALMATY.key
    }
    return [
        hour
        for row in account_days
        if row["account_id"] in zones
        for hour in _hours_of(dice, row, zones[row["account_id"]], draft.options.now)
    ]


def _hours_of(
    dice: Dice, row: Document, zone: ZoneInfo, now: datetime
) -> Iterator[Document]:
    day = date.fromisoformat(row["date_start"])
    hours = list(_begun(day, zone, now))
    weights = [BUSY[hour] * dice.randint(1, 4) for hour in hours]
    cents = _split(Decimal(row.get("spend", "0")).scaleb(2), weights)
    counts = {name: _split(Decimal(row.get(name, "0")), weights) for name in COUNTS}
    leads = _split(_leads(row), weights)
    for place, hour in enumerate(hours):
        metrics: Document = {
            "spend": str(Decimal(cents[place]).scaleb(-2)) if cents[place] else None,
            **{name: str(split[place] or "") for name, split in counts.items()},
        }
        if leads[place]:
            value = str(leads[place])
            metrics["actions"] = [{"action_type": "lead", "value": value}]
        delivered = {name: value for name, value in metrics.items() if value}
        if delivered:
            kept = ("account_id", "account_currency", "date_start", "date_stop")
            span = f"{hour:02d}:00:00 - {hour:02d}:59:59"
            yield {name: row[name] for name in kept} | {BREAKDOWN: span} | delivered


def _begun(day: date, zone: ZoneInfo, now: datetime) -> Iterator[int]:
    """Yield the hours of a day that exist on its clock and have begun."""
    for hour in range(24):
        local = datetime.combine(day, time(hour), zone)
        # An hour that the clocks jump over comes back from UTC as another one.
        exists = local.astimezone(UTC).astimezone(zone).hour == hour
        if exists and local.timestamp() <= (now - timedelta(minutes=5)).timestamp():
            yield hour


def _leads(row: Document) -> Decimal:
    found: Iterable[str] = (
        action["value"]
        for action in row.get("actions", [])
        if action["action_type"] == "lead"
    )
    return Decimal(next(iter(found), "0"))


def _split(total: Decimal, weights: list[int]) -> list[int]:
    """Divide a whole number by weights, so that the parts add up to it."""
    whole, parts, given, passed = int(total), [], 0, 0
    for weight in weights:
        passed += weight
        until = whole * passed // (sum(weights) or 1)
        parts.append(until - given)
        given = until
    # Whatever no weight asked for happened in the last hour.
    parts[-1] += whole - given
    return parts
