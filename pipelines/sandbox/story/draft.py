"""The story while it is being told: what exists so far, and how to add to it.

One draft per telling; nothing in it outlives the telling.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pipelines.sandbox.story.calendar import Calendar, at
from pipelines.sandbox.story.campaigns import CampaignPlan, plan_campaigns
from pipelines.sandbox.story.cast import Cast, gather
from pipelines.sandbox.story.deals import Deal, Lead, Move, Utm
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.people import Crowd, Person
from pipelines.sandbox.story.world import Row, StoryOptions

Tables = dict[str, dict[str, list[Row]]]
FIRST_DEAL_ID = 31_000_000


@dataclass
class Draft:
    """Options, people and rows of the story that is being told."""

    options: StoryOptions
    calendar: Calendar
    cast: Cast
    plan: CampaignPlan
    crowd: Crowd
    deals: list[Deal] = field(default_factory=list)
    # How many deals were told before the history began.
    told: int = 0
    scene_leads: list[Lead] = field(default_factory=list)
    tables: Tables = field(
        default_factory=lambda: {
            system: defaultdict(list) for system in ("landing", "traffic", "tripwire")
        }
    )

    def dice(self, topic: str) -> Dice:
        return Dice(self.options.seed, topic)

    def add(self, system: str, table: str, row: Row) -> Row:
        self.tables[system][table].append(row)
        return row

    def rows(self, system: str, table: str) -> list[Row]:
        return self.tables[system][table]

    def now_on(self, day: date) -> datetime:
        """Return the last moment of a day that the story may use."""
        return min(
            at(day, 23, 58),
            self.options.now - timedelta(minutes=5),
            key=datetime.timestamp,
        )

    def open_deal(
        self,
        person: Person,
        opened_at: datetime,
        *,
        pipeline: int,
        status: int,
        utm: Utm | None = None,
        price: int | None = 0,
        deal_id: int | None = None,
    ) -> Deal:
        """Create a deal in its first stage."""
        deal = Deal(
            deal_id=deal_id or FIRST_DEAL_ID + 37 * (len(self.deals) + 1),
            person=person,
            name=f"Deal of {person.name}",
            utm=utm or {},
            price=price,
            moves=[Move(opened_at, pipeline, status)],
        )
        self.deals.append(deal)
        return deal


def begin(options: StoryOptions) -> Draft:
    """Open an empty draft: the cast stands ready, nothing has happened."""
    cast = gather(options)
    return Draft(
        options=options,
        calendar=Calendar(options.now, options.weeks),
        cast=cast,
        plan=plan_campaigns(cast),
        crowd=Crowd(Dice(options.seed, "people")),
    )
