"""Ad accounts day by day: what Facebook totals, what their ads add up to, how surely.

Assumes the one load that the answers assume. Teams and ads belong to `spend.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.coverage import Account, Coverage
from pipelines.sandbox.answers.rates import Rates
from pipelines.sandbox.answers.rounding import ratio
from pipelines.sandbox.answers.spend import Deliveries, Delivery
from pipelines.sandbox.answers.statistics import added_up

FROZEN_AFTER_DAYS = 28
MartRow = dict[str, Any]
Figure = Decimal | int | None


@dataclass
class AccountDay:
    """One day of an account: its control total and its visible ads."""

    account: Account
    on: date
    is_covered: bool
    total: Delivery | None = None
    ads: list[Delivery] = field(default_factory=list)

    @property
    def age(self) -> int:
        """Return the day's age at the one load, in days of the account."""
        return (self.account.today - self.on).days

    @property
    def is_mature(self) -> bool:
        return self.is_covered and self.age > FROZEN_AFTER_DAYS

    @property
    def reason(self) -> str | None:
        """Say why the figures are not final; None when they are."""
        if not self.is_covered:
            return "not_covered"
        if self.age == 0:
            return "still_running"
        if self.ads and self.total is None:
            return "no_total"
        return None if self.is_mature else "may_still_move"

    def total_of(self, metric: str) -> Figure:
        """Return a metric of the control total: 0 when covered and quiet."""
        if self.total:
            figure: Figure = getattr(self.total, metric)
            return figure
        return 0 if self.is_covered and not self.ads else None

    def ads_of(self, metric: str) -> Figure:
        """Return what the visible ads add up to."""
        return sum(getattr(ad, metric) for ad in self.ads) if self.is_covered else None


def account_days(
    delivered: Deliveries, coverage: Coverage, days: list[date]
) -> list[AccountDay]:
    """Return every day that a listed account has lived since the marts' first day."""
    found = {
        (account.account_id, on): AccountDay(account, on, coverage.covers(account, on))
        for account in coverage.accounts
        for on in _lived(account, days)
    }
    for total in delivered.totals:
        found[total.account.account_id, total.stat_date].total = total
    for ad in delivered.ads:
        found[ad.account.account_id, ad.stat_date].ads.append(ad)
    return list(found.values())


def facebook_ad_spend(
    found: Iterable[AccountDay], spend: Iterable[MartRow], rates: Rates
) -> list[MartRow]:
    """Return the control totals, with the money of the day's rows of spend."""
    rows: dict[tuple[str, date], list[MartRow]] = defaultdict(list)
    for row in spend:
        rows[row["ad_account_id"], row["stat_date"]].append(row)
    return [_total(one, rows[one.account.account_id, one.on], rates) for one in found]


def spend_reconciliation(found: Iterable[AccountDay]) -> list[MartRow]:
    """Return ads against control totals, and whether the day is final."""
    return [_compared(one) for one in found]


def _lived(account: Account, days: list[date]) -> Iterator[date]:
    """Yield the days since the account was made, up to its own today."""
    first = max(days[0], account.created_on or days[0])
    for number in range((account.today - first).days + 1):
        yield first + timedelta(days=number)


def _total(one: AccountDay, rows: list[MartRow], rates: Rates) -> MartRow:
    spend, impressions = one.total_of("spend"), one.total_of("impressions")
    clicks, leads = one.total_of("clicks"), one.total_of("fb_leads")
    return {
        "ad_account_id": one.account.account_id,
        "date": one.on,
        "is_listed": True,
        "currency": one.account.currency,
        "spend": spend,
        "spend_usd": _sum(one, rows, "spend_usd"),
        "spend_kzt": _sum(one, rows, "spend_kzt"),
        "usd_to_kzt_rate": rates.on(one.on),
        "rate_age_days": rates.age(one.on),
        "impressions": impressions,
        "clicks": clicks,
        "link_clicks": one.total_of("link_clicks"),
        "reach": one.total_of("reach"),
        "leads": leads,
        "ctr_pct": ratio(clicks, impressions, times=100),
        "cpc": ratio(spend, clicks),
        "cpm": ratio(spend, impressions, times=1000),
        "cpl": ratio(spend, leads),
        "is_covered": one.is_covered,
        "is_final": one.reason is None,
    }


def _sum(one: AccountDay, rows: list[MartRow], column: str) -> Decimal | None:
    """Add up a day's rows; one that is unknown makes the day unknown."""
    if not one.is_covered:
        return None
    return added_up(row[column] for row in rows)


def _compared(one: AccountDay) -> MartRow:
    row: MartRow = {
        "ad_account_id": one.account.account_id,
        "stat_date": one.on,
        "is_listed": True,
        "currency": one.account.currency,
        "is_covered": one.is_covered,
        "is_over": one.age > 0,
        "is_mature": one.is_mature,
        "gaps": 0,
        "last_read_age_days": one.age if one.is_covered else None,
        "is_final": one.reason is None,
        "reason": one.reason,
        "error": None,
    }
    for metric in ("spend", "impressions", "clicks"):
        total, ads = one.total_of(metric), one.ads_of(metric)
        row |= {f"account_{metric}": total, f"ads_{metric}": ads}
        row[f"balance_{metric}"] = None if total is None or ads is None else total - ads
    return row
