"""Which ads run in each campaign, and between which days.

How Facebook describes them belongs to `ad_objects.py` and `creatives.py`.
"""

from dataclasses import dataclass
from datetime import date

from pipelines.sandbox.story.campaigns import Campaign
from pipelines.sandbox.story.draft import Draft

ACTIVE, ARCHIVED, DELETED, PAUSED = "ACTIVE", "ARCHIVED", "DELETED", "PAUSED"


@dataclass(frozen=True)
class Ad:
    """An ad with the days between which it ran."""

    campaign: Campaign
    number: int
    ad_id: str
    ad_set_id: str
    ad_set_name: str
    name: str
    first: date
    last: date
    status: str
    is_video: bool


def list_ads(draft: Draft) -> list[Ad]:
    """Name the ads of every campaign; some ended, one archived and one deleted."""
    dice = draft.dice("ads")
    calendar = draft.calendar
    ads = []
    for campaign in draft.plan.campaigns.values():
        for number in range(campaign.ads * draft.options.scale):
            group = number // 3 + 1
            first, last, status = calendar.start, calendar.today, ACTIVE
            if number % 6 == 4:
                first = calendar.day(dice.randint(10, 35))
            if number == 3:
                last, status = calendar.day(15), ARCHIVED
            if number == 2 and campaign.key == "agency":
                last, status = calendar.day(11), DELETED
            ads.append(
                Ad(
                    campaign=campaign,
                    number=number,
                    ad_id=f"{campaign.campaign_id}9{number + 1:02d}",
                    ad_set_id=f"{campaign.campaign_id}8{group}",
                    ad_set_name=f"wide {group} | 25-45",
                    name=f"video_{number + 1}" if number % 2 else f"photo {number + 1}",
                    first=first,
                    last=last,
                    status=status,
                    is_video=number % 2 == 1,
                )
            )
    return ads
