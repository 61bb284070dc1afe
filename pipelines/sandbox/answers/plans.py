"""Weekly plans per team: the formula, human edits, actuals, status and forecast.

Frozen as the first build of each week would freeze them; here all at one moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from pipelines.sandbox.answers.forecasts import backtest_wape, forecast
from pipelines.sandbox.answers.normalise import team_key
from pipelines.sandbox.answers.people import Team, from_both, updated
from pipelines.sandbox.answers.reading import day, decoded, number, rows, text
from pipelines.sandbox.answers.rounding import divided, money, rounded
from pipelines.sandbox.answers.rules import (
    PLAN_GROWTH_PCT,
    PLAN_MAX_CPA_USD,
    PLAN_MIN_ROAS,
    UNATTRIBUTED_KEY,
)
from pipelines.sandbox.answers.statistics import Figures, period_start
from pipelines.sandbox.story.world import Row, World

WEEK = timedelta(days=7)
HUNDRED = Decimal(100)
EDITABLE = {
    "plan_revenue_kzt": "plan_revenue",
    "plan_sales": "plan_sales",
    "plan_spend_usd": "plan_spend",
    "plan_roas": "plan_roas",
    "plan_cpa_usd": "plan_cpa",
}
SERIES = {
    "revenue_kzt": "total_revenue_kzt",
    "sales": "total_sales",
    "spend_usd": "spend_usd",
    "roas": "roas",
    "cpa_usd": "cpa_usd",
}


@dataclass(frozen=True)
class PlanSettings:
    """Growth in per cent, the least ROAS and the greatest CPA; 0 is a legal value."""

    growth_pct: Decimal = PLAN_GROWTH_PCT
    min_roas: Decimal = PLAN_MIN_ROAS
    max_cpa_usd: Decimal = PLAN_MAX_CPA_USD


def plan_settings(world: World) -> PlanSettings:
    """Read the settings: numbers, or numbers inside strings; the newest speaks."""
    found: dict[str, Decimal] = {}
    for row in from_both(world, "traffic_admin_settings"):
        raw = row.get("setting_value")
        value = number(decoded(raw) if isinstance(raw, str) else raw)
        key = text(row.get("setting_key"))
        if key and value is not None:
            found.setdefault(key, value)
    return PlanSettings(
        growth_pct=found.get("ai_growth_percentage", PLAN_GROWTH_PCT),
        min_roas=found.get("min_roas_target", PLAN_MIN_ROAS),
        max_cpa_usd=found.get("max_cpa_target", PLAN_MAX_CPA_USD),
    )


def planned(
    previous: Mapping[str, Any], settings: PlanSettings
) -> dict[str, Decimal | int | None]:
    """Compute a plan from the previous week's stored figures."""
    growth = 1 + settings.growth_pct / HUNDRED
    revenue, spend = previous["revenue_kzt"], previous["spend_usd"]
    roas, cpa = previous["roas"], previous["cpa_usd"]
    grown_roas = settings.min_roas if roas is None else roas * Decimal("1.05")
    lower_cpa = cpa * Decimal("0.95") if cpa else settings.max_cpa_usd
    return {
        "plan_revenue_kzt": rounded(rounded(revenue * growth, 0), 2),
        "plan_sales": max(1, ceil(previous["sales"] * growth)),
        "plan_spend_usd": money(None if spend is None else spend * Decimal("1.05")),
        "plan_roas": money(max(settings.min_roas, grown_roas)),
        "plan_cpa_usd": money(max(Decimal(1), min(settings.max_cpa_usd, lower_cpa))),
    }


def share_pct(
    actual: Decimal | int | None, plan: Decimal | int | None
) -> Fraction | None:
    """Return how much of a plan is reached, in exact per cent."""
    return divided(actual, plan, times=100)


def completion(*parts: Fraction | None) -> int | None:
    """Return the mean of the parts that have a plan, as a whole per cent."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return int(rounded(sum(known, Fraction()) / len(known), 0))


def status(
    week_start: date, today: date, completion_pct: int | None, *, is_cancelled: bool
) -> str:
    """Return where a plan stands; a reached plan is completed even during its week."""
    if is_cancelled:
        return "cancelled"
    if week_start > today:
        return "pending"
    if completion_pct is not None and completion_pct >= 100:
        return "completed"
    is_over = week_start + WEEK <= today
    return "failed" if is_over and completion_pct is not None else "in_progress"


@dataclass(frozen=True)
class PlanBook:
    """All that plans are made from: weekly figures, settings, edits and the clock."""

    weekly: Mapping[tuple[date, str], Figures]
    settings: PlanSettings
    edits: Mapping[tuple[str, date], Row]
    days: list[date]

    @property
    def starts(self) -> list[date]:
        """Return every week of the spine by its Monday."""
        first = period_start(self.days[0], "weekly")
        count = (self.days[-1] - first).days // 7 + 1
        return [first + WEEK * at for at in range(count)]

    def rows(self, team: Team) -> list[dict[str, Any]]:
        """Return a team's plans, from the week after the spine's first."""
        return [
            self._plan(team, start) | self._forecasts(team, start)
            for start in self.starts[1:]
        ]

    def _plan(self, team: Team, start: date) -> dict[str, Any]:
        previous = _stored(self.weekly[start - WEEK, team.team_id])
        edit = self.edits.get((team.key, start), {})
        plan = _edited(planned(previous, self.settings), edit)
        year, week_number, _ = start.isocalendar()
        return {
            "team_name": team.name,
            "team_id": team.team_id,
            "week_start": start,
            "week_end": start + timedelta(days=6),
            "week_number": week_number,
            "year": year,
            **{f"prev_week_{name}": value for name, value in previous.items()},
            **plan,
            **self._judged(team, start, plan, edit),
            "growth_pct": money(self.settings.growth_pct),
            "adjusted_by": text(edit.get("adjusted_by")),
            "admin_notes": text(edit.get("admin_notes")),
        }

    def _judged(
        self, team: Team, start: date, plan: dict[str, Any], edit: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the actuals and how they compare with the plan."""
        actual = self.weekly[start, team.team_id]
        revenue = share_pct(actual["total_revenue_kzt"], plan["plan_revenue_kzt"])
        sales = share_pct(actual["total_sales"], plan["plan_sales"])
        reached = completion(revenue, sales)
        is_cancelled = (text(edit.get("status")) or "").lower() == "cancelled"
        return {
            **{f"actual_{name}": actual[column] for name, column in SERIES.items()},
            "revenue_completion_pct": completion(revenue),
            "sales_completion_pct": completion(sales),
            "completion_pct": reached,
            "status": status(start, self.days[-1], reached, is_cancelled=is_cancelled),
        }

    def _forecasts(self, team: Team, start: date) -> dict[str, Any]:
        """Return what the ended weeks support, each measure by its own."""
        before = [week for week in self.starts if week < start]
        series = {
            name: [self.weekly[week, team.team_id][SERIES[name]] for week in before]
            for name in ("revenue_kzt", "sales", "spend_usd")
        }
        found = {f"forecast_{name}": forecast(past) for name, past in series.items()}
        return {**found, "backtest_wape": backtest_wape(series["revenue_kzt"])}


def traffic_weekly_plans(
    world: World,
    weekly: Mapping[tuple[date, str], Figures],
    teams: Iterable[Team],
    days: list[date],
) -> list[dict[str, Any]]:
    """Return a row per team and week up to the current one."""
    book = PlanBook(weekly, plan_settings(world), _human_edits(world), days)
    members = (team for team in teams if team.key != UNATTRIBUTED_KEY)
    return [row for team in members for row in book.rows(team)]


def _stored(figures: Figures) -> dict[str, Any]:
    """Return the previous week's figures as a plan stores them: two places."""
    found = {name: figures[column] for name, column in SERIES.items()}
    return {
        name: value if name == "sales" else money(value)
        for name, value in found.items()
    }


def _human_edits(world: World) -> dict[tuple[str, date], Row]:
    """Return the dashboard's own plan rows by team and week, the newest of each."""
    found: dict[tuple[str, date], Row] = {}
    written = rows(world, "traffic", "traffic_weekly_plans")
    for row in sorted(written, key=updated, reverse=True):
        start = day(row.get("week_start"))
        if start:
            found.setdefault((team_key(row.get("team_name")), start), row)
    return found


def _edited(plan: dict[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """Let an adjusted row's filled fields win one by one; notes alone do nothing."""
    if not text(edit.get("adjusted_by")):
        return plan
    values = {ours: number(edit.get(theirs)) for ours, theirs in EDITABLE.items()}
    return plan | {
        name: int(value) if name == "plan_sales" else money(value)
        for name, value in values.items()
        if value is not None
    }
