"""Time in stages, deal by deal, and what becomes of deals that enter a stage.

How a past is cut into stays belongs to `history.py`.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.history import Stage, Stay
from pipelines.sandbox.answers.reading import listing, mapping, text, whole
from pipelines.sandbox.answers.rounding import ratio
from pipelines.sandbox.answers.rules import LOST, UNATTRIBUTED, WON
from pipelines.sandbox.story.world import AmocrmWorld

MartRow = dict[str, Any]
SECONDS_PER_HOUR = 3600


def deal_stage_times(
    crm: AmocrmWorld,
    pasts: Mapping[int, Sequence[Stay]],
    teams: DealTeams,
    tests: Container[int],
) -> list[MartRow]:
    """Return a row per stay of a deal in a stage."""
    names = StageNames(crm)
    return [
        {
            "deal_id": deal_id,
            "step": step,
            **names.of(stay.stage),
            "entered_at": stay.entered_at,
            "left_at": stay.left_at,
            **_length(_seconds(stay)),
            "entered_by_kind": stay.entered_by,
            "next_pipeline_id": past[step].stage.pipeline_id if past[step:] else None,
            "next_status_id": past[step].stage.status_id if past[step:] else None,
            "is_first_stage": step == 1,
            "is_last": step == len(past),
            "is_current": stay.is_current,
            "is_gap_before": stay.is_gap_before,
            "is_inferred": stay.event is None,
            "is_test": deal_id in tests,
            "team_name": teams.of(deal_id),
        }
        for deal_id, past in pasts.items()
        for step, stay in enumerate(past, start=1)
    ]


class StageNames:
    """The current dictionary of pipelines and their statuses."""

    def __init__(self, crm: AmocrmWorld) -> None:
        self.pipelines: dict[int | None, str | None] = {}
        self.statuses: dict[Stage, str | None] = {}
        for pipeline in crm.pipelines:
            pipeline_id = whole(pipeline.get("id"))
            self.pipelines[pipeline_id] = text(pipeline.get("name"))
            embedded = mapping(pipeline.get("_embedded"))
            for status in listing(embedded.get("statuses")):
                stage = Stage(pipeline_id, whole(status.get("id")))
                self.statuses[stage] = text(status.get("name"))

    def of(self, stage: Stage) -> MartRow:
        """Return a stage's ids and names; a forgotten one has no name."""
        return {
            "pipeline_id": stage.pipeline_id,
            "pipeline_name": self.pipelines.get(stage.pipeline_id),
            "status_id": stage.status_id,
            "status_name": self.statuses.get(stage),
        }


def _seconds(stay: Stay) -> int | None:
    """Return how long it lasted; a stay that is not over has no length yet."""
    if stay.entered_at is None or stay.left_at is None:
        return None
    return int((stay.left_at - stay.entered_at).total_seconds())


def _length(seconds: int | None) -> MartRow:
    return {"seconds": seconds, "hours": ratio(seconds, SECONDS_PER_HOUR)}


def stage_conversion(
    crm: AmocrmWorld, pasts: Mapping[int, Sequence[Stay]], teams: DealTeams
) -> list[MartRow]:
    """Return what became of the deals that ever entered a stage, by team."""
    names = StageNames(crm)
    entered: dict[tuple[str, Stage], dict[int, list[Stay]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for deal_id, past in pasts.items():
        team = teams.of(deal_id) or UNATTRIBUTED
        for stay in past:
            entered[team, stay.stage][deal_id].append(stay)
    return [
        {
            "team_name": team,
            **names.of(stage),
            "stays": sum(map(len, found.values())),
            **_outcomes([pasts[deal_id][-1].stage for deal_id in found], stage),
            "median_hours": _median_hours(found.values()),
        }
        for (team, stage), found in entered.items()
    ]


def _outcomes(now_in: Sequence[Stage], stage: Stage) -> MartRow:
    statuses = [one.status_id for one in now_in]
    won, lost = statuses.count(WON), statuses.count(LOST)
    return {
        "deals_entered": len(now_in),
        "deals_won": won,
        "deals_lost": lost,
        "deals_open": len(now_in) - won - lost,
        "deals_still_there": 0 if stage.is_closed else now_in.count(stage),
        "won_share": ratio(won, len(now_in)),
    }


def _median_hours(found: Iterable[Sequence[Stay]]) -> Decimal | None:
    """Return the median of the stays that are over."""
    lengths = (_seconds(stay) for past in found for stay in past)
    over = [Fraction(seconds) for seconds in lengths if seconds is not None]
    return ratio(median(over), SECONDS_PER_HOUR) if over else None
