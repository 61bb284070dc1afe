"""The spend of every account by Almaty days: others' days are cut anew by the hour.

Days as the accounts themselves count them belong to `account_days.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.sandbox.answers.coverage import Account, Coverage
from pipelines.sandbox.answers.ownership import account_key
from pipelines.sandbox.answers.rates import Rates
from pipelines.sandbox.answers.reading import almaty_day, count, day, listing, number
from pipelines.sandbox.answers.rules import ALMATY
from pipelines.sandbox.answers.spend import NOTHING, spend_in
from pipelines.sandbox.story.world import Document, World

MartRow = dict[str, Any]
Hours = dict[tuple[str, date], list[Document]]
HOUR = "hourly_stats_aggregated_by_advertiser_time_zone"
COUNTS = {"impressions": "impressions", "clicks": "clicks",
          "link_clicks": "inline_link_clicks"}  # fmt: skip


def account_spend_business_days(
    world: World, coverage: Coverage, totals: Iterable[MartRow], days: list[date]
) -> list[MartRow]:
    """Return a row per account and Almaty day that its days reach into.

    `totals` are the rows of facebook_ad_spend; Almaty accounts keep their days.
    """
    rates, own = Rates(world), _by_account(totals)
    hours = _hours(world, coverage)
    result: list[MartRow] = []
    for account in coverage.accounts:
        zone = _zone(world, account)
        is_recut = zone.key != ALMATY.key
        if is_recut:
            rows = [
                row | _priced(row, account, rates.on(row["date"]))
                for row in _recut(
                    _Abroad(account, zone, coverage, own[account.account_id], hours),
                    days,
                )
            ]
        else:
            rows = [_as_it_is(row) for row in own[account.account_id]]
        result += [
            row
            | {
                "ad_account_id": account.account_id,
                "timezone_name": zone.key,
                "is_recut": is_recut,
                "currency": account.currency,
                "usd_to_kzt_rate": rates.on(row["date"]),
                "has_split_hours": False,
            }
            for row in rows
        ]
    return result


def _by_account(totals: Iterable[MartRow]) -> dict[str, list[MartRow]]:
    result: dict[str, list[MartRow]] = defaultdict(list)
    for row in totals:
        result[row["ad_account_id"]].append(row)
    return result


def _hours(world: World, coverage: Coverage) -> Hours:
    """Return the hours of each account's own days, as far as its days are loaded."""
    listed = {account.account_id: account for account in coverage.accounts}
    result: Hours = defaultdict(list)
    for row in world.facebook.account_hours:
        account = listed.get(account_key(row["account_id"]) or "")
        on = day(row["date_start"])
        if account and on and coverage.is_loaded(account, on):
            result[account.account_id, on].append(row)
    return result


def _zone(world: World, account: Account) -> ZoneInfo:
    names = (
        row["timezone_name"]
        for row in world.facebook.accounts
        if account_key(row["account_id"]) == account.account_id
    )
    return ZoneInfo(next(names, ALMATY.key))


def _as_it_is(total: MartRow) -> MartRow:
    columns = (
        "date",
        "spend",
        "spend_usd",
        "spend_kzt",
        *COUNTS,
        "leads",
        "is_covered",
    )
    return {column: total[column] for column in columns} | {"has_missing_hours": False}


@dataclass(frozen=True)
class _Abroad:
    """An account of another zone: its control totals and its hours."""

    account: Account
    zone: ZoneInfo
    coverage: Coverage
    totals: list[MartRow]
    hours: Hours

    def hours_of(self, own: date) -> list[Document]:
        return self.hours.get((self.account.account_id, own), [])

    def total_of(self, own: date) -> Decimal:
        found = (row["spend"] for row in self.totals if row["date"] == own)
        return next(found, None) or NOTHING

    def is_known(self, own: date) -> bool:
        """Tell whether an own day is certain, or has not begun."""
        return own > self.account.today or self.coverage.covers(self.account, own)


def _recut(abroad: _Abroad, days: list[date]) -> Iterator[MartRow]:
    for on in days:
        own_days = _own_days(on, abroad.zone)
        if not any(_is_lived(abroad.account, own, days[0]) for own in own_days):
            continue
        is_covered = all(map(abroad.is_known, own_days))
        figures = _figures(
            [
                row
                for own in own_days
                for row in abroad.hours_of(own)
                if almaty_day(_begins(row, own, abroad.zone)) == on
            ]
        )
        is_blind = any(
            abroad.total_of(own) and not abroad.hours_of(own) for own in own_days
        )
        yield {
            "date": on,
            "is_covered": is_covered,
            "has_missing_hours": any(
                abroad.total_of(own) != _figures(abroad.hours_of(own))["spend"]
                for own in own_days
            ),
            **(figures if is_covered and not is_blind else dict.fromkeys(figures)),
        }


def _own_days(on: date, zone: ZoneInfo) -> list[date]:
    """Return the account's days that an Almaty day reaches into."""
    first = datetime.combine(on, time(), ALMATY)
    last = datetime.combine(on + timedelta(days=1), time(), ALMATY)
    edges = (first.astimezone(zone), (last - timedelta(seconds=1)).astimezone(zone))
    return sorted({edge.date() for edge in edges})


def _is_lived(account: Account, on: date, start: date) -> bool:
    first = max(start, account.created_on or start)
    return first <= on <= account.today


def _begins(row: Document, on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(int(row[HOUR][:2])), zone)


def _figures(hours: list[Document]) -> MartRow:
    figures: MartRow = {
        column: sum(count(row.get(metric)) for row in hours)
        for column, metric in COUNTS.items()
    }
    figures["spend"] = sum((number(row.get("spend")) or NOTHING for row in hours),
                           NOTHING)  # fmt: skip
    figures["leads"] = sum(
        count(action.get("value"))
        for row in hours
        for action in listing(row.get("actions"))
        if action.get("action_type") == "lead"
    )
    return figures


def _priced(row: MartRow, account: Account, rate: Decimal | None) -> MartRow:
    spend, usd, kzt = row["spend"], None, None
    if spend is not None:
        usd, kzt = spend_in(spend, account.currency, rate)
    return {"spend_usd": usd, "spend_kzt": kzt}
