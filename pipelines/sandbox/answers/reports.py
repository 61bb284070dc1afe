"""One report per Almaty day: totals and an array of teams.

Built from the daily statistics alone, so a report can never tell another story.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.people import Team
from pipelines.sandbox.answers.rates import Rates
from pipelines.sandbox.answers.rounding import ratio
from pipelines.sandbox.answers.statistics import Figures, with_ratios

TOTALS = (
    "spend_usd",
    "spend_kzt",
    "total_revenue_kzt",
    "total_sales",
    "impressions",
    "clicks",
)


def daily_traffic_reports(
    figures: Mapping[tuple[date, str], Figures],
    teams: Iterable[Team],
    days: Iterable[date],
    rates: Rates,
) -> list[dict[str, Any]]:
    """Return the report of every day of the spine; unknown parts stay unknown."""
    members = sorted(teams, key=lambda team: team.name)
    return [
        _report({team: figures[on, team.team_id] for team in members})
        | {"report_date": on, "usd_to_kzt_rate": rates.on(on)}
        for on in days
    ]


def _total(found: Iterable[Figures], column: str) -> Decimal | int | None:
    values = [figures[column] for figures in found]
    return None if None in values else sum(values)


def _report(by_team: Mapping[Team, Figures]) -> dict[str, Any]:
    total = {column: _total(by_team.values(), column) for column in TOTALS}
    return {
        "total_spend_usd": total["spend_usd"],
        "total_spend_kzt": total["spend_kzt"],
        "total_revenue_kzt": total["total_revenue_kzt"],
        "total_sales": total["total_sales"],
        "total_impressions": total["impressions"],
        "total_clicks": total["clicks"],
        "total_roas": ratio(total["total_revenue_kzt"], total["spend_kzt"]),
        "total_ctr_pct": ratio(total["clicks"], total["impressions"], times=100),
        "teams_data": [_member(team, figures) for team, figures in by_team.items()],
    }


def _member(team: Team, figures: Figures) -> dict[str, Any]:
    found = with_ratios(figures)
    return {
        "team": team.name,
        "team_id": team.team_id,
        "spend": found["spend_usd"],
        "revenue": found["total_revenue_kzt"],
        "sales": found["total_sales"],
        "roas": found["roas"],
        "cpa": found["cpa_usd"],
        "ctr": found["ctr_pct"],
        "impressions": found["impressions"],
        "clicks": found["clicks"],
    }
