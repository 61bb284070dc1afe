"""Advertising spend by account, ad and day, with the balancing rows, in two currencies.

Sums by team and day belong to `statistics.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sandbox.answers.campaigns import CampaignOwner, Campaigns, is_loaded
from pipelines.sandbox.answers.coverage import Account, Coverage, accounts
from pipelines.sandbox.answers.ownership import account_key
from pipelines.sandbox.answers.people import Team
from pipelines.sandbox.answers.rates import Rates
from pipelines.sandbox.answers.reading import count, day, listing, number, text
from pipelines.sandbox.answers.rounding import rounded
from pipelines.sandbox.story.world import Document, World

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Delivery:
    """What an ad, or a whole account, delivered on one day."""

    stat_date: date
    account: Account
    currency: str | None
    spend: Decimal
    impressions: int
    clicks: int
    link_clicks: int
    fb_leads: int
    reach: int | None = None
    campaign_id: str | None = None
    ad_set_id: str | None = None
    ad_id: str | None = None


@dataclass(frozen=True)
class Deliveries:
    """What was loaded: the days of ads, and the control totals of accounts."""

    ads: list[Delivery]
    totals: list[Delivery]


def deliveries(world: World, campaigns: Campaigns, coverage: Coverage) -> Deliveries:
    """Read the insights rows of listed accounts that lie in the loaded windows."""
    read = _reader(world, campaigns, coverage)
    return Deliveries(
        ads=[found for row in world.facebook.ad_days if (found := read(row))],
        totals=[found for row in world.facebook.account_days if (found := read(row))],
    )


def traffic_stats(
    world: World, campaigns: Campaigns, delivered: Deliveries
) -> list[dict[str, Any]]:
    """Return one row per account, day and ad, balancing rows included."""
    rates = Rates(world)
    owned = [
        (one, campaigns.owner(one.campaign_id or "", one.stat_date))
        for one in delivered.ads
    ]
    owned += [
        (one, campaigns.account_owner(one.account.account_id))
        for one in _balances(delivered.ads, delivered.totals)
    ]
    named = campaigns.facts.people.named
    return [_row(one, owner, named(owner.team), rates) for one, owner in owned]


def _reader(
    world: World, campaigns: Campaigns, coverage: Coverage
) -> Callable[[Document], Delivery | None]:
    """Return a reader of insights rows that leaves out what is not loaded."""
    known = accounts(world)

    def read(row: Document) -> Delivery | None:
        account = known.get(account_key(row.get("account_id")) or "")
        on = day(row.get("date_start"))
        if account is None or on is None or not is_loaded(campaigns.facts, row):
            return None
        return _delivery(row, account, on) if coverage.is_loaded(account, on) else None

    return read


def _delivery(row: Document, account: Account, on: date) -> Delivery:
    reach = number(row.get("reach"))
    return Delivery(
        stat_date=on,
        account=account,
        currency=text(row.get("account_currency")) or account.currency,
        spend=rounded(number(row.get("spend")) or NOTHING, 2),
        impressions=count(row.get("impressions")),
        clicks=count(row.get("clicks")),
        link_clicks=count(row.get("inline_link_clicks")),
        fb_leads=_action(row, "lead"),
        reach=None if reach is None else int(reach),
        campaign_id=text(row.get("campaign_id")),
        ad_set_id=text(row.get("adset_id")),
        ad_id=text(row.get("ad_id")),
    )


def _action(row: Document, action_type: str) -> int:
    """Return one action's value; actions overlap and are never added up."""
    found = (
        action
        for action in listing(row.get("actions"))
        if action.get("action_type") == action_type
    )
    return next((count(action.get("value")) for action in found), 0)


def _balances(ads: list[Delivery], totals: list[Delivery]) -> Iterator[Delivery]:
    """Yield what an account's total holds beyond its visible ads, day by day."""
    visible: dict[tuple[str, date], list[Delivery]] = defaultdict(list)
    for ad in ads:
        visible[ad.account.account_id, ad.stat_date].append(ad)
    for total in totals:
        seen = visible[total.account.account_id, total.stat_date]
        rest = Delivery(
            stat_date=total.stat_date,
            account=total.account,
            currency=total.currency,
            spend=total.spend - sum((ad.spend for ad in seen), NOTHING),
            impressions=total.impressions - sum(ad.impressions for ad in seen),
            clicks=total.clicks - sum(ad.clicks for ad in seen),
            link_clicks=total.link_clicks - sum(ad.link_clicks for ad in seen),
            fb_leads=total.fb_leads - sum(ad.fb_leads for ad in seen),
        )
        if rest.spend or rest.impressions or rest.clicks:
            yield rest


def spend_in(
    spend: Decimal, currency: str | None, rate: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Return spend in dollars and in tenge, each rounded to two places.

    Nothing spent is nothing whatever the rate; what cannot be converted is unknown.
    """
    if not spend:
        return NOTHING, NOTHING
    if currency != "USD":
        return None, None
    return rounded(spend, 2), None if rate is None else rounded(spend * rate, 2)


def _row(
    delivery: Delivery, owner: CampaignOwner, team: Team, rates: Rates
) -> dict[str, Any]:
    rate = rates.on(delivery.stat_date)
    spend_usd, spend_kzt = spend_in(delivery.spend, delivery.currency, rate)
    return {
        "stat_date": delivery.stat_date,
        "ad_account_id": delivery.account.account_id,
        "campaign_id": delivery.campaign_id,
        "ad_set_id": delivery.ad_set_id,
        "ad_id": delivery.ad_id,
        "team_name": team.name,
        "team_id": team.team_id,
        "user_id": owner.user_id,
        "method": owner.method,
        "spend_usd": spend_usd,
        "spend_kzt": spend_kzt,
        "usd_to_kzt_rate": rate,
        "impressions": delivery.impressions,
        "clicks": delivery.clicks,
        "link_clicks": delivery.link_clicks,
        "reach": delivery.reach,
        "fb_leads": delivery.fb_leads,
        "fx_missing": spend_kzt is None,
    }
