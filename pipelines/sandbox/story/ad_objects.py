"""Facebook's objects: accounts, campaigns, ad sets and ads, as Graph describes them.

The days they ran belong to `advertising.py`, their creatives to `creatives.py`.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.sandbox.story.ads import ACTIVE, ARCHIVED, PAUSED, Ad
from pipelines.sandbox.story.calendar import at
from pipelines.sandbox.story.campaigns import ACCOUNTS, EURO, AdAccount, Campaign
from pipelines.sandbox.story.creatives import creative_id, write_creatives
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Document

Objects = tuple[
    list[Document], list[Document], list[Document], list[Document], list[Document]
]


def write_objects(draft: Draft, ads: list[Ad]) -> Objects:
    """Return accounts, campaigns, ad sets, creatives and ads as Graph gives them."""
    ad_sets = {ad.ad_set_id: ad for ad in ads}
    return (
        [_account(draft, account) for account in ACCOUNTS],
        [_campaign(draft, one) for one in draft.plan.campaigns.values()],
        [_ad_set(draft, ad) for ad in ad_sets.values()],
        write_creatives(draft, ads),
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
        "creative": {"id": creative_id(ad)},
        **_status(ad.status),
        **_times(draft, ad.campaign.account),
    }


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
