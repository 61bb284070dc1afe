"""Facebook's objects: accounts, campaigns, ad sets, ads and their creatives.

The days they ran belong to `advertising.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.sandbox.story.calendar import at
from pipelines.sandbox.story.campaigns import ACCOUNTS, EURO, AdAccount, Campaign
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Document

ACTIVE, ARCHIVED, DELETED, PAUSED = "ACTIVE", "ARCHIVED", "DELETED", "PAUSED"
MACROS = (
    "utm_campaign={{campaign.name}}&utm_content={{ad.name}}&utm_term={{adset.name}}"
)
Objects = tuple[
    list[Document], list[Document], list[Document], list[Document], list[Document]
]


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


def write_objects(draft: Draft, ads: list[Ad]) -> Objects:
    """Return accounts, campaigns, ad sets, creatives and ads as Graph gives them."""
    ad_sets = {ad.ad_set_id: ad for ad in ads}
    return (
        [_account(draft, account) for account in ACCOUNTS],
        [_campaign(draft, one) for one in draft.plan.campaigns.values()],
        [_ad_set(draft, ad) for ad in ad_sets.values()],
        [_creative(ad) for ad in ads],
        [_ad(draft, ad) for ad in ads],
    )


def graph_time(moment: datetime, zone: str = "Asia/Almaty") -> str:
    """Write a time as Graph does: the account's zone, an offset without a colon."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S%z")


def _account(draft: Draft, account: AdAccount) -> Document:
    created = draft.calendar.start - timedelta(days=30)
    if account is EURO:
        # Younger than the story: the days before it are known to be empty.
        created = draft.calendar.start + timedelta(days=7)
    offset = draft.options.now.astimezone(ZoneInfo(account.timezone)).utcoffset()
    return {
        "id": account.act_id,
        "account_id": account.digits,
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.timezone,
        "timezone_id": 1 + ACCOUNTS.index(account),
        "timezone_offset_hours_utc": (offset or timedelta()).total_seconds() / 3600,
        "account_status": 1,
        "disable_reason": 0,
        "amount_spent": "123456",
        "balance": "0",
        "spend_cap": "0",
        "business": {"id": "900000000000001", "name": "School Sample"},
        "created_time": graph_time(at(created, 3), account.timezone),
    }


def _campaign(draft: Draft, campaign: Campaign) -> Document:
    return {
        "id": campaign.campaign_id,
        "account_id": campaign.account.digits,
        "name": campaign.name,
        "objective": "OUTCOME_LEADS",
        "buying_type": "AUCTION",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        "daily_budget": str(int(campaign.daily * 100)),
        "budget_remaining": "0",
        "special_ad_categories": [],
        "start_time": graph_time(
            at(draft.calendar.start, 1), campaign.account.timezone
        ),
        **_status(PAUSED if campaign.account is EURO else ACTIVE),
        **_times(draft, campaign.account),
    }


def _ad_set(draft: Draft, ad: Ad) -> Document:
    return {
        "id": ad.ad_set_id,
        "account_id": ad.campaign.account.digits,
        "campaign_id": ad.campaign.campaign_id,
        "name": ad.ad_set_name,
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "billing_event": "IMPRESSIONS",
        "destination_type": "WEBSITE",
        "targeting": {"age_min": 25, "age_max": 45, "geo_locations": {}},
        **_status(ACTIVE),
        **_times(draft, ad.campaign.account),
    }


def _ad(draft: Draft, ad: Ad) -> Document:
    return {
        "id": ad.ad_id,
        "account_id": ad.campaign.account.digits,
        "campaign_id": ad.campaign.campaign_id,
        "adset_id": ad.ad_set_id,
        "name": ad.name,
        "creative": {"id": _creative_id(ad)},
        **_status(ad.status),
        **_times(draft, ad.campaign.account),
    }


def _creative_id(ad: Ad) -> str:
    return f"{ad.campaign.campaign_id}7{ad.number + 1:02d}"


def _creative(ad: Ad) -> Document:
    """Tag the link in the creative's own tags, or inside the link itself."""
    source = "facebook"
    if ad.campaign.team:
        source = ad.campaign.team.convention
    tags = f"utm_source={source}&utm_medium={{{{placement}}}}&{MACROS}"
    link = "https://school.example/express"
    creative: Document = {
        "id": _creative_id(ad),
        "account_id": ad.campaign.account.digits,
        "name": f"creative of {ad.name}",
        "status": ACTIVE,
        "object_type": "VIDEO" if ad.is_video else "SHARE",
    }
    if ad.number % 3 == 2:
        link_data = {"link": f"{link}?{tags}", "message": "Sample text"}
        return creative | {"object_story_spec": {"link_data": link_data}}
    spec = {"link_data": {"link": link, "message": "Sample text"}}
    return creative | {"url_tags": tags, "object_story_spec": spec}


def _status(status: str) -> Document:
    configured = status if status != ARCHIVED else PAUSED
    return {
        "status": status,
        "configured_status": configured,
        "effective_status": status,
    }


def _times(draft: Draft, account: AdAccount) -> Document:
    created = at(draft.calendar.start - timedelta(days=3), 11)
    updated = draft.calendar.ago(2, 9)
    return {
        "created_time": graph_time(created, account.timezone),
        "updated_time": graph_time(updated, account.timezone),
    }
