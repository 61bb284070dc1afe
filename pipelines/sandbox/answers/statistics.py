"""Sales, leads and spend by team and day, week, month; ratios always from sums.

Every team has a row on every day from the first activity to today. An unknown part
makes a sum and everything computed from it unknown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.people import Team
from pipelines.sandbox.answers.rounding import money, ratio
from pipelines.sandbox.answers.rules import (
    CHALLENGE3D,
    EXPRESS,
    FLAGMAN,
    INTENSIVE1D,
)

Figures = dict[str, Any]
Value = Decimal | int | None

COUNTS = (
    "total_sales",
    "express_sales",
    "flagman_sales",
    "challenge3d_prepayments",
    "challenge3d_full_sales",
    "intensive1d_sales",
    "other_sales",
    "leads_count",
    "leads_rows",
)
AMOUNTS = (
    "total_revenue_kzt",
    "express_revenue_kzt",
    "flagman_revenue_kzt",
    "challenge3d_prepayment_revenue_kzt",
    "challenge3d_full_revenue_kzt",
    "intensive1d_revenue_kzt",
    "other_revenue_kzt",
    "refunds_kzt",
)
SPEND_AMOUNTS = ("spend_usd", "spend_kzt")
SPEND_COUNTS = ("impressions", "clicks")
SPEND = SPEND_AMOUNTS + SPEND_COUNTS

FULL_COLUMNS = {
    EXPRESS: ("express_sales", "express_revenue_kzt"),
    FLAGMAN: ("flagman_sales", "flagman_revenue_kzt"),
    CHALLENGE3D: ("challenge3d_full_sales", "challenge3d_full_revenue_kzt"),
    INTENSIVE1D: ("intensive1d_sales", "intensive1d_revenue_kzt"),
}
OTHER_COLUMNS = ("other_sales", "other_revenue_kzt")
PREPAYMENT_COLUMNS = (
    "challenge3d_prepayments",
    "challenge3d_prepayment_revenue_kzt",
)


@dataclass(frozen=True)
class Facts:
    """The mart rows that statistics add up."""

    sales: list[Figures]
    refunds: list[Figures]
    leads: list[Figures]
    spend: list[Figures]


def spine(facts: Facts, today: date) -> list[date]:
    """Return the days from the first sale, spend or lead to today."""
    first = [row["sale_date"] for row in facts.sales]
    first += [row["lead_date"] for row in facts.leads]
    first += [row["stat_date"] for row in facts.spend if row["spend_usd"] != 0]
    start = min(first, default=today)
    return [start + timedelta(days=at) for at in range((today - start).days + 1)]


def daily(
    facts: Facts, teams: Iterable[Team], days: list[date], uncovered: set[date]
) -> dict[tuple[date, str], Figures]:
    """Return the additive figures of every day and team id."""
    team_ids = [team.team_id for team in teams]
    figures = {(on, team): _zeros() for on in days for team in team_ids}

    for on, row, column, value in _additions(facts):
        found = figures.get((on, row["team_id"]))
        if found is not None:
            found[column] = added(found[column], value)
    for (on, _), found in figures.items():
        if on in uncovered:
            found.update(dict.fromkeys(SPEND))
    return figures


def added(held: Value, value: Value) -> Value:
    """Add two parts; an unknown one makes the sum unknown."""
    return None if held is None or value is None else held + value


def added_up(values: Iterable[Any]) -> Decimal | None:
    """Add amounts up; an unknown one makes the sum unknown."""
    found = list(values)
    return None if None in found else sum(found, Decimal("0.00"))


def _zeros() -> Figures:
    counts = dict.fromkeys(COUNTS + SPEND_COUNTS, 0)
    return counts | dict.fromkeys(AMOUNTS + SPEND_AMOUNTS, Decimal("0.00"))


def _additions(facts: Facts) -> Iterator[tuple[date, Figures, str, Any]]:
    for row in facts.sales:
        for column, value in _sale_columns(row):
            yield row["sale_date"], row, column, value
    for row in facts.refunds:
        yield row["refund_date"], row, "refunds_kzt", row["refund_kzt"]
    for row in facts.leads:
        yield row["lead_date"], row, "leads_rows", 1
        yield row["lead_date"], row, "leads_count", int(row["is_first_in_funnel"])
    for row in facts.spend:
        for column in SPEND:
            yield row["stat_date"], row, column, row[column]


def _sale_columns(row: Figures) -> Iterator[tuple[str, Any]]:
    """Yield what a payment adds: an unclear one nothing, a prepayment no sale."""
    amount = row["amount_kzt"]
    if row["payment_kind"] == "unknown":
        return
    yield "total_revenue_kzt", amount
    if row["payment_kind"] == "prepayment":
        count_column, amount_column = PREPAYMENT_COLUMNS
    else:
        count_column, amount_column = FULL_COLUMNS.get(row["product"], OTHER_COLUMNS)
        yield "total_sales", 1
    yield count_column, 1
    yield amount_column, amount


def period_start(on: date, period_type: str) -> date:
    """Return the day itself, its Monday or the first of its month."""
    if period_type == "weekly":
        return on - timedelta(days=on.weekday())
    return on.replace(day=1) if period_type == "monthly" else on


def periods(
    figures: Mapping[tuple[date, str], Figures], period_type: str
) -> dict[tuple[date, str], Figures]:
    """Add days up; an unknown day makes the period's figure unknown."""
    result: dict[tuple[date, str], Figures] = {}
    for (on, team), found in figures.items():
        held = result.setdefault((period_start(on, period_type), team), _zeros())
        for column, value in found.items():
            held[column] = added(held[column], value)
    return result


def with_ratios(sums: Figures) -> Figures:
    """Add every ratio to a row of sums; a zero or unknown part gives none."""
    revenue, sales = sums["total_revenue_kzt"], sums["total_sales"]
    spend_usd, spend_kzt = sums["spend_usd"], sums["spend_kzt"]
    impressions, clicks = sums["impressions"], sums["clicks"]
    leads = sums["leads_count"]
    profit = None if spend_kzt is None else revenue - spend_kzt
    payments = sales + sums["challenge3d_prepayments"]
    return sums | {
        "average_order_value_kzt": ratio(revenue, payments),
        "conversion_rate_pct": ratio(sales, leads, times=100),
        "ctr_pct": ratio(clicks, impressions, times=100),
        "cpc_usd": ratio(spend_usd, clicks),
        "cpm_usd": ratio(spend_usd, impressions, times=1000),
        "cpl_usd": ratio(spend_usd, leads),
        "cpl_kzt": ratio(spend_kzt, leads),
        "cpa_usd": ratio(spend_usd, sales),
        "cpa_kzt": ratio(spend_kzt, sales),
        "roas": ratio(revenue, spend_kzt),
        "roi_pct": ratio(profit, spend_kzt, times=100),
        "profit_kzt": money(profit),
    }


def traffic_sales_stats(
    figures: Mapping[tuple[date, str], Figures], teams: Iterable[Team]
) -> list[Figures]:
    """Return the three period types, dense, with ratios of their own sums."""
    names = {team.team_id: team.name for team in teams}
    return [
        {"date": start, "period_type": period_type}
        | {"team_name": names[team_id], "team_id": team_id}
        | with_ratios(sums)
        for period_type in ("daily", "weekly", "monthly")
        for (start, team_id), sums in periods(figures, period_type).items()
    ]
