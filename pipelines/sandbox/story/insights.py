"""How Facebook writes a day of an ad or of an account: text, and no zeros.

What happened on the day belongs to `advertising.py`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from pipelines.sandbox.story.ads import Ad
from pipelines.sandbox.story.campaigns import AdAccount
from pipelines.sandbox.story.world import Document

Surplus = tuple[Decimal, int, int]


@dataclass(frozen=True)
class AdDay:
    """One ad on one day of its account."""

    ad: Ad
    day: date
    spend: Decimal
    impressions: int
    clicks: int
    link_clicks: int
    reach: int
    leads: int
    purchases: int
    plays: int
    full_plays: int


def ad_row(day: AdDay) -> Document:
    """Write a row of level=ad, time_increment=1."""
    ad, campaign = day.ad, day.ad.campaign
    row: Document = {
        "account_id": campaign.account.digits,
        "account_currency": campaign.account.currency,
        "campaign_id": campaign.campaign_id,
        "campaign_name": campaign.name,
        "adset_id": ad.ad_set_id,
        "adset_name": ad.ad_set_name,
        "ad_id": ad.ad_id,
        "ad_name": ad.name,
        "objective": "OUTCOME_LEADS",
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "attribution_setting": "7d_click_1d_view",
        **_period(day.day),
        **_counts(day.spend, day.impressions, day.clicks, day.link_clicks, day.reach),
        "actions": _actions(day.leads, day.purchases, day.link_clicks, day.plays),
        "video_play_actions": _video(day.plays),
        "video_p25_watched_actions": _video(day.plays * 6 // 10),
        "video_p50_watched_actions": _video(day.plays * 4 // 10),
        "video_p75_watched_actions": _video(max(day.plays * 3 // 10, day.full_plays)),
        "video_p100_watched_actions": _video(day.full_plays),
        "video_thruplay_watched_actions": _video(day.full_plays),
    }
    return {key: value for key, value in row.items() if value}


def account_row(
    account: AdAccount, day: date, members: list[AdDay], surplus: Surplus
) -> Document:
    """Write the control total of level=account: the ads and what ads no longer show."""
    spend, impressions, clicks = surplus
    link_clicks = sum(one.link_clicks for one in members)
    row: Document = {
        "account_id": account.digits,
        "account_name": account.name,
        "account_currency": account.currency,
        **_period(day),
        **_counts(
            spend + sum((one.spend for one in members), Decimal(0)),
            impressions + sum(one.impressions for one in members),
            clicks + sum(one.clicks for one in members),
            link_clicks,
            # People who saw two ads are reached once.
            sum(one.reach for one in members) * 9 // 10,
        ),
        "actions": _actions(
            sum(one.leads for one in members),
            sum(one.purchases for one in members),
            link_clicks,
            sum(one.plays for one in members),
        ),
    }
    return {key: value for key, value in row.items() if value}


def _period(day: date) -> Document:
    return {"date_start": day.isoformat(), "date_stop": day.isoformat()}


def _counts(
    spend: Decimal, impressions: int, clicks: int, link_clicks: int, reach: int
) -> Document:
    counts: Document = {
        "spend": str(spend) if spend else None,
        "impressions": _text(impressions),
        "clicks": _text(clicks),
        "inline_link_clicks": _text(link_clicks),
        "reach": _text(reach),
        "frequency": _ratio(impressions, reach),
        "ctr": _ratio(clicks * 100, impressions),
        "cpc": _ratio(spend, clicks) if spend else None,
        "cpm": _ratio(spend * 1000, impressions) if spend else None,
    }
    if link_clicks:
        counts["outbound_clicks"] = [_action("outbound_click", link_clicks)]
    return counts


def _actions(
    leads: int, purchases: int, link_clicks: int, plays: int
) -> list[Document]:
    """List what people did; the types overlap, and must never be summed."""
    numbers = {
        "link_click": link_clicks,
        "landing_page_view": link_clicks * 8 // 10,
        "page_engagement": link_clicks + plays,
        "post_engagement": link_clicks + plays,
        "video_view": plays * 7 // 10,
        "lead": leads,
        "offsite_conversion.fb_pixel_lead": leads,
        "complete_registration": leads // 2,
        "purchase": purchases,
        "omni_purchase": purchases,
        "offsite_conversion.fb_pixel_purchase": purchases,
    }
    return [_action(name, number) for name, number in numbers.items() if number]


def _video(number: int) -> list[Document]:
    return [_action("video_view", number)] if number else []


def _action(action_type: str, number: int) -> Document:
    return {"action_type": action_type, "value": str(number)}


def _text(number: int) -> str | None:
    return str(number) if number else None


def _ratio(above: Decimal | int, below: int) -> str | None:
    if not above or not below:
        return None
    ratio = Decimal(above) / Decimal(below)
    return str(ratio.quantize(Decimal("0.000001"), ROUND_HALF_UP))
