"""What the dashboard's people decided by hand: plans, settings, old statistics.

Generating plans is the pipeline's business.
"""

from datetime import date, timedelta
from decimal import Decimal

from pipelines.sandbox.story.campaigns import SHARED
from pipelines.sandbox.story.cast import Team
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Row

STATS = 33
PLAN_COLUMNS = tuple(
    f"{part}_{name}"
    for part in ("prev_week", "plan", "actual")
    for name in ("revenue", "sales", "spend", "roas", "cpa")
)


def tell_planning(draft: Draft) -> None:
    """Write the plans people touched, the settings of both databases, old stats."""
    dice = draft.dice("planning")
    _plans(draft, dice)
    _settings(draft, dice)
    _old_stats(draft, dice)


def _plans(draft: Draft, dice: Dice) -> None:
    cast = draft.cast
    last = draft.calendar.last_monday
    this, before = last + timedelta(days=7), last - timedelta(days=7)
    edits: list[tuple[Team, date, Row]] = [
        # Some numbers by hand, the others stay generated.
        (cast.team(0), this, {
            "plan_revenue": Decimal("3000000.00"), "plan_sales": 25,
            "adjusted_by": "admin", "admin_notes": "season",
        }),
        (cast.team(1), last, {"plan_spend": Decimal("150.50"), "adjusted_by": "admin"}),
        # Notes without an editor change no number.
        (cast.team(2), this, {
            "plan_revenue": Decimal("1.00"), "admin_notes": "watch the creatives",
        }),
        (cast.team(3), before, {"status": "cancelled", "adjusted_by": "admin"}),
    ]  # fmt: skip
    planned: set[tuple[Team, date]] = set()
    for team, wanted, columns in edits:
        monday = _free_week(team, wanted, planned)
        planned.add((team, monday))
        week = monday.isocalendar()
        row: Row = {
            "id": dice.uuid(),
            "team_name": team.name,
            "team_id": team.team_id,
            "week_start": monday,
            "week_end": monday + timedelta(days=6),
            "week_number": week.week,
            "year": week.year,
            **dict.fromkeys(PLAN_COLUMNS),
            "status": "pending",
            "growth_percentage": Decimal("10.00"),
            "admin_notes": None,
            "adjusted_by": None,
            "created_at": draft.calendar.ago(9),
            "updated_at": draft.calendar.ago(1),
        }
        draft.add("traffic", "traffic_weekly_plans", row | columns)


def _free_week(team: Team, monday: date, planned: set[tuple[Team, date]]) -> date:
    """Move an edit back: with few teams, one of them is edited in several weeks."""
    while (team, monday) in planned:
        monday -= timedelta(weeks=1)
    return monday


def _settings(draft: Draft, dice: Dice) -> None:
    values: list[tuple[str, str, object, int]] = [
        # A number, and a number inside a string.
        ("traffic", "ai_growth_percentage", "12", 20),
        ("traffic", "min_roas_target", 1.8, 20),
        ("traffic", "max_cpa_target", 55, 20),
        # Older, so Traffic's word counts; newer, so this one does.
        ("landing", "ai_growth_percentage", 15, 60),
        ("landing", "max_cpa_target", "45", 10),
    ]
    for system, key, value, ago in values:
        draft.add(
            system,
            "traffic_admin_settings",
            {
                "id": dice.uuid(),
                "setting_key": key,
                "setting_value": value,
                "updated_at": draft.calendar.ago(ago),
            },
        )


def _old_stats(draft: Draft, dice: Dice) -> None:
    """Keep a few days of the old statistics, each with its repeated team total."""
    number = 0
    while len(draft.rows("landing", "traffic_stats")) < STATS:
        day = draft.calendar.day(15 - number // len(draft.cast.teams) % 10)
        team = draft.cast.team(number)
        number += 1
        row = _old_stat(draft, dice, day, team)
        draft.add("landing", "traffic_stats", row)
        if len(draft.rows("landing", "traffic_stats")) < STATS:
            total = {"campaign_id": "team_total", "campaign_name": "Total"}
            again = row | total | {"id": dice.uuid()}
            draft.add("landing", "traffic_stats", again)


def _old_stat(draft: Draft, dice: Dice, day: date, team: Team) -> Row:
    campaign = draft.plan.main(team)
    spend = Decimal(dice.randint(800, 2600)).scaleb(-2)
    rate = Decimal("470.0000")
    return {
        "id": dice.uuid(),
        "stat_date": day,
        "date": day,
        "user_id": draft.cast.buyers[team.index].user_id,
        "team": team.name,
        "ad_account_id": SHARED.act_id,
        "campaign_id": campaign.campaign_id,
        "campaign_name": campaign.name,
        "spend_usd": spend,
        "spend_kzt": spend * rate,
        "impressions": 3_000,
        "clicks": 47,
        "reach": 2_100,
        "usd_to_kzt_rate": rate,
        "source": "facebook",
        "created_at": draft.calendar.ago(5),
        "updated_at": draft.calendar.ago(5),
    }
