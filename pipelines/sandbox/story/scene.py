"""What every scene needs: somebody buys something on a day of the story.

A scene is a deal or a lead with a lesson in it; the lessons stand in `scenes_*.py`.
"""

from datetime import date, datetime, timedelta
from typing import TypedDict, Unpack

from pipelines.sandbox.story.deals import EXPRESS, WON, Deal, Lead, Utm, stage
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.leads import write_lead
from pipelines.sandbox.story.people import Person
from pipelines.sandbox.story.sale_rows import write_sale
from pipelines.sandbox.story.utm import tags
from pipelines.sandbox.story.world import Document, Row

EXPRESS_TABLE, MAIN_TABLE = "express_course_sales", "main_product_sales"


class DealOptions(TypedDict, total=False):
    """What a scene may say about its deal."""

    person: Person | None
    pipeline: int
    utm: Utm
    price: int | None
    deal_id: int
    is_listed: bool


class Scene:
    """A group of scenes that shares one stream of chance."""

    def __init__(self, draft: Draft, topic: str) -> None:
        self.draft = draft
        self.calendar = draft.calendar
        self.dice = draft.dice(topic)

    def person(
        self,
        *,
        name: str | None = None,
        phone: str | None = None,
        email: str | None = None,
    ) -> Person:
        return self.draft.crowd.newcomer(name=name, phone=phone, email=email)

    def ago(
        self, days: int, hour: int = 12, minute: int = 0, second: int = 0
    ) -> datetime:
        return self.calendar.ago(self.calendar.scene(days), hour, minute, second)

    def day(self, days: int) -> date:
        return self.calendar.day(self.calendar.scene(days))

    def convention(self, team: int) -> Utm:
        """Return tags that name a team without any mapping."""
        named = self.draft.cast.team(team)
        return tags(named.convention, "cpc", self.draft.plan.main(named).name)

    def open(
        self,
        opened_at: datetime,
        *,
        person: Person | None = None,
        pipeline: int = EXPRESS,
        utm: Utm | None = None,
        price: int | None = 5_000,
        deal_id: int | None = None,
        is_listed: bool = True,
    ) -> Deal:
        """Open a deal; one that AmoCRM does not list leaves no trace there at all."""
        deal = self.draft.open_deal(
            person or self.person(),
            opened_at,
            pipeline=pipeline,
            status=stage(pipeline, 1),
            utm=utm,
            price=price,
            deal_id=deal_id,
        )
        deal.is_listed = deal.has_events = is_listed
        return deal

    def won(self, ago: int, hour: int = 12, **options: Unpack[DealOptions]) -> Deal:
        """Open a deal and win it eight hours later, so many days ago."""
        won_at = self.ago(ago, hour)
        return self.open(won_at - timedelta(hours=8), **options).move(won_at, WON)

    def sold(
        self,
        ago: int,
        hour: int = 12,
        *,
        table: str = EXPRESS_TABLE,
        row: Row | None = None,
        **options: Unpack[DealOptions],
    ) -> Deal:
        """Win a deal and store it; `row` replaces columns of the stored sale."""
        deal = self.won(ago, hour, **options)
        write_sale(self.draft, table, deal, deal.updated_at, **(row or {}))
        return deal

    def lead(
        self,
        person: Person,
        created_at: datetime,
        *,
        source: str = "expresscourse",
        utm: Utm | None = None,
        metadata: Document | None = None,
        **columns: object,
    ) -> Lead:
        lead = write_lead(
            self.draft,
            self.dice,
            person,
            created_at,
            source=source,
            utm=utm,
            metadata=metadata,
            **columns,
        )
        self.draft.scene_leads.append(lead)
        return lead
