"""The headline table: what each team spent and brought in the last full week.

Reads published marts only, as a BI tool does; it computes nothing but shares.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

UNATTRIBUTED = "Unattributed"
UNKNOWN = "–"
COLUMNS = ("spend $", "leads", "sales", "revenue ₸", "CPL $", "CPA $", "ROAS", "plan")
MARKS = {"completed": "✓", "failed": "✗"}

WEEK = """
select
    stats.date as week_start, stats.team_name, stats.spend_usd, stats.leads_count,
    stats.total_sales, stats.total_revenue_kzt, stats.cpl_usd, stats.cpa_usd,
    stats.roas, plans.completion_pct, plans.status
from marts.traffic_sales_stats as stats
left join marts.traffic_weekly_plans as plans
    on plans.team_id = stats.team_id and plans.week_start = stats.date
where stats.period_type = 'weekly'
    and stats.date = (
        select date_trunc('week', max(date))::date - 7
        from marts.traffic_sales_stats where period_type = 'daily'
    )
order by stats.team_name = 'Unattributed', stats.total_revenue_kzt desc nulls last
"""
REASONS = """
select reason, count(*) as sales, sum(amount_kzt) as revenue_kzt
from marts.sale_attribution
where reason is not null
    and sale_date between %(first)s and %(first)s + 6
group by reason
order by revenue_kzt desc
"""
STATUS = "select * from marts.data_status order by subject <> 'edition', subject"


@dataclass(frozen=True)
class Headline:
    """The rows behind the table, as the marts hold them."""

    week_start: date | None
    teams: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    status: list[dict[str, Any]]


def read_headline(warehouse_url: str) -> Headline:
    """Read the last full week and the state of the edition from the marts."""
    with psycopg.connect(warehouse_url, row_factory=dict_row) as warehouse:
        teams = warehouse.execute(WEEK).fetchall()
        week_start = teams[0]["week_start"] if teams else None
        reasons = []
        if week_start:
            reasons = warehouse.execute(REASONS, {"first": week_start}).fetchall()
        return Headline(
            week_start, teams, reasons, warehouse.execute(STATUS).fetchall()
        )


def has_edition(warehouse_url: str) -> bool:
    """Tell whether an edition has ever been published."""
    query = "select to_regclass('marts.traffic_sales_stats') is not null"
    with psycopg.connect(warehouse_url) as warehouse:
        row = warehouse.execute(query).fetchone()
    return bool(row and row[0])


def print_headline(headline: Headline, console: Console) -> None:
    """Print the week's table, what no team owns, and how fresh each source is."""
    console.print(
        Group(
            _week_table(headline),
            _unattributed_line(headline),
            Text(),
            _status_table(headline),
        )
    )


def _week_table(headline: Headline) -> RenderableType:
    if headline.week_start is None:
        return Text("No full week has been published yet.")
    first = headline.week_start
    last = date.fromordinal(first.toordinal() + 6)
    table = _table(f"Last full week, {first} to {last}")
    table.add_column("team", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for row in headline.teams:
        table.add_row(
            row["team_name"],
            _money(row["spend_usd"]),
            _count(row["leads_count"]),
            _count(row["total_sales"]),
            _count(row["total_revenue_kzt"]),
            _money(row["cpl_usd"]),
            _money(row["cpa_usd"]),
            _ratio(row["roas"]),
            _percent(row["completion_pct"], row["status"]),
            style="dim" if row["team_name"] == UNATTRIBUTED else None,
        )
    table.add_section()
    table.add_row(
        "all",
        _money(_total(headline, "spend_usd")),
        _count(_total(headline, "leads_count")),
        _count(_total(headline, "total_sales")),
        _count(_total(headline, "total_revenue_kzt")),
        style="bold",
    )
    return table


def _unattributed_line(headline: Headline) -> Text:
    row = next((r for r in headline.teams if r["team_name"] == UNATTRIBUTED), None)
    if row is None:
        return Text()
    spend = _share(row["spend_usd"], _total(headline, "spend_usd"))
    revenue = _share(row["total_revenue_kzt"], _total(headline, "total_revenue_kzt"))
    why = ", ".join(
        f"{reason['reason']} {reason['sales']} ({_count(reason['revenue_kzt'])} ₸)"
        for reason in headline.reasons
    )
    return Text(
        f"Without a team: {spend} of the spend, {revenue} of the revenue"
        + (f"; why: {why}" if why else "")
    )


def _status_table(headline: Headline) -> Table:
    table = _table("Can I trust it?")
    for name in ("", "state", "since", "covered to", "reason"):
        table.add_column(name, overflow="fold")
    for row in headline.status:
        style = "green" if row["state"] == "ok" else "red"
        table.add_row(
            row["subject"],
            Text(row["state"], style=style),
            _moment(row["since"]),
            str(row["covered_to"] or UNKNOWN),
            row["reason"] or "",
        )
    return table


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _total(headline: Headline, column: str) -> Decimal | None:
    values = [row[column] for row in headline.teams]
    return None if any(value is None for value in values) else sum(values, Decimal())


def _share(part: Decimal | None, whole: Decimal | None) -> str:
    if part is None or not whole:
        return UNKNOWN
    return f"{100 * part / whole:.1f} %"


def _money(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:,.2f}"


def _count(value: Decimal | int | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}".replace(",", "\u00a0")


def _ratio(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"


def _percent(value: int | None, status: str | None) -> str:
    mark = MARKS.get(status or "", " ")
    return f"{UNKNOWN}  " if value is None else f"{value} % {mark}"


def _moment(value: datetime | None) -> str:
    return UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M}"
