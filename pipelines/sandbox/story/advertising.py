"""What Facebook has seen: the days of every ad and of every account.

The objects behind the days belong to `ad_objects.py`, campaigns to `campaigns.py`.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.sandbox.story.activities import tell_activities
from pipelines.sandbox.story.ad_objects import write_objects
from pipelines.sandbox.story.ads import Ad, list_ads
from pipelines.sandbox.story.campaigns import (
    ABROAD,
    ACCOUNTS,
    EURO,
    LOCAL,
    SHARED,
    AdAccount,
)
from pipelines.sandbox.story.deals import Lead
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.hours import account_hours
from pipelines.sandbox.story.insights import AdDay, account_row, ad_row
from pipelines.sandbox.story.lead_ads import tell_lead_ads
from pipelines.sandbox.story.world import Document, FacebookWorld

TOKEN = "sandbox-facebook-token"
# Days on which no ad ran at all, one after each of these scenes.
QUIET_AFTER_SCENES = (15, 17, 19)
TRIAL_DAYS = (8, 11)


def tell_advertising(draft: Draft, leads: list[Lead]) -> FacebookWorld:
    """Run every ad on its days; deleted ads remain in the accounts' totals only."""
    dice = draft.dice("advertising")
    ads = list_ads(draft)
    ad_days = [day for ad in ads for day in _days_of(draft, dice, ad)]
    ad_days.sort(
        key=lambda day: (day.day, day.ad.campaign.account.digits, day.ad.ad_id)
    )
    accounts, campaigns, ad_sets, creatives, documents = write_objects(draft, ads)
    account_days = _account_days(draft, ad_days)
    lead_ads = tell_lead_ads(draft, ads, leads)
    return FacebookWorld(
        access_token=TOKEN,
        accounts=accounts,
        campaigns=campaigns,
        ad_sets=ad_sets,
        ads=documents,
        creatives=creatives,
        ad_days=[ad_row(day) for day in ad_days],
        account_days=account_days,
        account_hours=account_hours(draft, account_days),
        activities=tell_activities(draft, ads),
        pages=lead_ads.pages,
        lead_forms=lead_ads.forms,
        leads=lead_ads.leads,
    )


def local_today(draft: Draft, account: AdAccount) -> date:
    """Return today's date where the account lives."""
    return draft.options.now.astimezone(ZoneInfo(account.timezone)).date()


def _days_of(draft: Draft, dice: Dice, ad: Ad) -> list[AdDay]:
    last = local_today(draft, ad.campaign.account)
    result = []
    for number, day in enumerate(draft.calendar.days):
        if day > last or not ad.first <= day <= ad.last:
            continue
        # The small campaigns run every day: scenes rely on them.
        is_skipped = dice.chance(0.06) and ad.campaign.ads > 2
        if is_skipped or _is_quiet(draft, ad, number, day):
            continue
        result.append(_run(dice, ad, day, is_partial=day == last))
    return result


def _is_quiet(draft: Draft, ad: Ad, number: int, day: date) -> bool:
    if ad.campaign.account is EURO:
        return not TRIAL_DAYS[0] <= number <= TRIAL_DAYS[1]
    if ad.campaign.account is ABROAD and number % 9 == 4:
        return True
    return (draft.calendar.today - day).days in _quiet_days(draft)


def _quiet_days(draft: Draft) -> list[int]:
    return [draft.calendar.scene(number) + 1 for number in QUIET_AFTER_SCENES]


def _run(dice: Dice, ad: Ad, day: date, *, is_partial: bool) -> AdDay:
    usual = ad.campaign.daily / ad.campaign.ads * (0.35 if is_partial else 1)
    spend = Decimal(int(usual * dice.uniform(55, 150))).scaleb(-2)
    impressions = int(float(spend) * dice.uniform(190, 280)) + dice.randint(0, 5)
    clicks = int(impressions * dice.uniform(0.008, 0.024))
    leads = sum(dice.chance(0.22) for _ in range(clicks))
    if dice.chance(0.01):
        # Shown a few times, clicked by nobody, charged nothing.
        spend, impressions, clicks, leads = Decimal(0), dice.randint(1, 4), 0, 0
    plays = int(impressions * dice.uniform(0.2, 0.5)) if ad.is_video else 0
    return AdDay(
        ad=ad,
        day=day,
        spend=spend,
        impressions=impressions,
        clicks=clicks,
        link_clicks=int(clicks * dice.uniform(0.6, 0.95)),
        reach=int(impressions * dice.uniform(0.6, 0.9)),
        leads=leads,
        purchases=int(leads and dice.chance(0.1)),
        plays=plays,
        full_plays=int(plays * dice.uniform(0.05, 0.3)),
    )


def _account_days(draft: Draft, ad_days: list[AdDay]) -> list[Document]:
    groups: dict[tuple[date, str], list[AdDay]] = defaultdict(list)
    for one in ad_days:
        groups[one.day, one.ad.campaign.account.digits].append(one)
    surplus = _surplus(draft)
    accounts = {account.digits: account for account in ACCOUNTS}
    rows = []
    for day, digits in sorted(groups.keys() | surplus.keys()):
        members = groups.get((day, digits), [])
        extra = surplus.get((day, digits), (Decimal(0), 0, 0))
        if day <= local_today(draft, accounts[digits]):
            rows.append(account_row(accounts[digits], day, members, extra))
    return rows


def _surplus(draft: Draft) -> dict[tuple[date, str], tuple[Decimal, int, int]]:
    """Say how far a total lies from its visible ads: spend, impressions, clicks."""
    calendar = draft.calendar
    result: dict[tuple[date, str], tuple[Decimal, int, int]] = {}
    # Ads that were deleted for good, in everybody's account and in a bound one.
    for ago in range(20, 26):
        result[calendar.day(ago), SHARED.digits] = (Decimal("3.37"), 712, 11)
    for ago in (6, 5):
        result[calendar.day(ago), LOCAL.digits] = (Decimal("1.90"), 400, 5)
    # Only deleted ads ran on that day.
    result[calendar.day(_quiet_days(draft)[0]), SHARED.digits] = (
        Decimal("4.20"),
        905,
        14,
    )
    # The total is behind the ads, and the money agrees while the clicks do not.
    result[calendar.day(10), LOCAL.digits] = (Decimal("-0.01"), -3, 0)
    result[calendar.day(12), SHARED.digits] = (Decimal(0), 0, 2)
    first = calendar.start + timedelta(days=10)
    result[first, SHARED.digits] = (Decimal("2.15"), 330, 4)
    return result
