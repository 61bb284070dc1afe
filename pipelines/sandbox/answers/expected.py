"""The marts a world should give, computed from its sources in plain Python.

The rules live in the modules beside this one; here they are put together. Assumes one
successful extract and build at the world's moment, on an empty warehouse.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.sandbox.answers.account_days import (
    account_days,
    facebook_ad_spend,
    spend_reconciliation,
)
from pipelines.sandbox.answers.ad_accounts import dim_ad_accounts
from pipelines.sandbox.answers.ad_objects import AdObjects
from pipelines.sandbox.answers.ad_utms import ad_tags, ad_utms
from pipelines.sandbox.answers.attribution import Decision, SaleAttribution
from pipelines.sandbox.answers.business_days import account_spend_business_days
from pipelines.sandbox.answers.campaigns import Campaigns
from pipelines.sandbox.answers.chains import chained
from pipelines.sandbox.answers.coverage import Coverage
from pipelines.sandbox.answers.crm_marts import crm_marts
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal, deals
from pipelines.sandbox.answers.form_leads import FormLeads
from pipelines.sandbox.answers.hygiene import utm_hygiene
from pipelines.sandbox.answers.lead_attribution import LeadAttribution
from pipelines.sandbox.answers.leads import (
    Lead,
    first_in_funnel,
    lead_persons,
    leads,
)
from pipelines.sandbox.answers.matching import Matching
from pipelines.sandbox.answers.ownership import Ownership, ownership
from pipelines.sandbox.answers.plans import traffic_weekly_plans
from pipelines.sandbox.answers.rates import Rates
from pipelines.sandbox.answers.reading import almaty_day
from pipelines.sandbox.answers.reports import daily_traffic_reports
from pipelines.sandbox.answers.sales import Sale, new_buyers, sales
from pipelines.sandbox.answers.spend import Deliveries, deliveries, traffic_stats
from pipelines.sandbox.answers.statistics import (
    Facts,
    daily,
    periods,
    spine,
    traffic_sales_stats,
    with_ratios,
)
from pipelines.sandbox.answers.touches import Touches
from pipelines.sandbox.story.world import World

MartRow = dict[str, Any]


def expected_marts(
    world: World,
    *,
    backfill_days: int = 90,
    configured_accounts: Iterable[str] = (),
) -> dict[str, list[MartRow]]:
    """Return the rows of every mart; their order means nothing."""
    facts = ownership(world, configured_accounts)
    campaigns = Campaigns(world, facts)
    coverage = Coverage(world, facts, backfill_days)
    known_deals = deals(world)
    counted = leads(world, known_deals)
    found = sales(known_deals.values())
    delivered = deliveries(world, campaigns, coverage)
    sold = _sale_rows(facts, campaigns, known_deals, counted, found)
    moved = Facts(
        sales=sold,
        refunds=_refund_rows(found, sold),
        leads=_lead_rows(facts, campaigns, known_deals, counted),
        spend=traffic_stats(world, campaigns, delivered),
    )
    forms = FormLeads(world, campaigns, counted, known_deals.values())
    teams = DealTeams(facts, known_deals, moved.sales, moved.leads)
    return {
        "sale_attribution": moved.sales,
        "refunds": moved.refunds,
        "lead_attribution": moved.leads,
        "traffic_stats": moved.spend,
        "traffic_leads": forms.traffic_leads(moved.leads),
        **_statistics(world, facts, coverage, moved),
        **_accounts(world, facts, coverage, moved, delivered),
        **_ads(world, facts, moved.spend),
        **crm_marts(
            world, facts, known_deals, found=found, counted=counted, teams=teams
        ),
    }


def _accounts(
    world: World,
    facts: Ownership,
    coverage: Coverage,
    moved: Facts,
    delivered: Deliveries,
) -> dict[str, list[MartRow]]:
    dates = spine(moved, almaty_day(world.now))
    days = account_days(delivered, coverage, dates)
    totals = facebook_ad_spend(days, moved.spend, Rates(world))
    return {
        "facebook_ad_spend": totals,
        "account_spend_business_days": account_spend_business_days(
            world, coverage, totals, dates
        ),
        "spend_reconciliation": spend_reconciliation(days),
        "dim_ad_accounts": dim_ad_accounts(world, facts, coverage, days),
    }


def _ads(
    world: World, facts: Ownership, spend: list[MartRow]
) -> dict[str, list[MartRow]]:
    tags = ad_tags(world, facts)
    objects = AdObjects(world, facts, tags, spend)
    return {
        "ad_utms": ad_utms(world, tags),
        "utm_hygiene": utm_hygiene(world, facts, tags, spend),
        "traffic_fb_campaigns": objects.campaigns(),
        "traffic_fb_ad_sets": objects.ad_sets(),
        "traffic_fb_ads": objects.ads(),
    }


def _statistics(
    world: World, facts: Ownership, coverage: Coverage, moved: Facts
) -> dict[str, list[MartRow]]:
    teams = list(facts.people.teams.values())
    days = spine(moved, almaty_day(world.now))
    uncovered = {on for on in days if not coverage.is_spend_known(on)}
    figures = daily(moved, teams, days, uncovered)
    weekly = {
        key: with_ratios(sums) for key, sums in periods(figures, "weekly").items()
    }
    return {
        "traffic_sales_stats": traffic_sales_stats(figures, teams),
        "traffic_weekly_plans": traffic_weekly_plans(world, weekly, teams, days),
        "daily_traffic_reports": daily_traffic_reports(
            figures, teams, days, Rates(world)
        ),
    }


def _tags(decision: Decision) -> MartRow:
    return {
        "utm_source": decision.tags.source,
        "utm_medium": decision.tags.medium,
        "utm_campaign": decision.tags.campaign,
        "utm_content": decision.tags.content,
        "utm_term": decision.tags.term,
        "utm_issue": decision.tags.issue,
        "reason": decision.reason,
    }


def _team(facts: Ownership, decision: Decision) -> MartRow:
    team = facts.people.named(decision.team)
    return {
        "team_name": team.name,
        "team_id": team.team_id,
        "user_id": decision.user_id,
        "method": decision.method,
        "confidence": decision.confidence,
    }


def _sale_rows(
    facts: Ownership,
    campaigns: Campaigns,
    known_deals: Mapping[int, Deal],
    counted: list[Lead],
    found: list[Sale],
) -> list[MartRow]:
    steps = SaleAttribution(facts, campaigns, Matching(counted, known_deals.values()))
    decisions = chained(found, {sale.deal_id: steps.of(sale) for sale in found})
    touches = Touches(facts, counted, known_deals.values())
    buyers = new_buyers(found)
    return [
        {
            "deal_id": sale.deal_id,
            "payment_kind": sale.payment_kind,
            "product": sale.product,
            "sale_at": sale.sale_at,
            "sale_date": sale.sale_date,
            "amount_kzt": sale.amount,
            **_team(facts, decisions[sale.deal_id]),
            **_tags(decisions[sale.deal_id]),
            "is_new_buyer": sale.deal_id in buyers,
            **_touch_columns(facts, touches, sale),
            "amount_missing": sale.is_amount_missing,
            "status_unverified": sale.is_status_unverified,
            "date_unverified": sale.is_date_unverified,
            "prepayment_amount_suspicious": sale.is_amount_suspicious,
        }
        for sale in found
    ]


def _touch_columns(facts: Ownership, touches: Touches, sale: Sale) -> MartRow:
    result: MartRow = {}
    for which, touch in zip(("first", "last"), touches.of(sale), strict=True):
        team = touches.team(touch, sale)
        name = facts.people.named(team).name if team else None
        result[f"{which}_touch_utm_source"] = touch.tags.source if touch else None
        result[f"{which}_touch_team"] = name
    return result


def _refund_rows(found: list[Sale], sold: list[MartRow]) -> list[MartRow]:
    """Return a row per refunded sale: the sale's amount and team, the refund's day."""
    return [
        {
            "deal_id": sale.deal_id,
            "payment_kind": sale.payment_kind,
            "product": sale.product,
            "refunded_at": sale.refunded_at,
            "refund_date": almaty_day(sale.refunded_at),
            "refund_kzt": sale.amount,
            "team_name": row["team_name"],
            "team_id": row["team_id"],
        }
        for sale, row in zip(found, sold, strict=True)
        if sale.refunded_at
    ]


def _lead_rows(
    facts: Ownership,
    campaigns: Campaigns,
    known_deals: Mapping[int, Deal],
    counted: list[Lead],
) -> list[MartRow]:
    steps = LeadAttribution(facts, campaigns, known_deals)
    person_of = lead_persons(counted)
    first = first_in_funnel(counted, person_of)
    decisions = {lead.key: steps.of(lead) for lead in counted}
    return [
        {
            "source_db": lead.key[0],
            "lead_id": lead.key[1],
            "lead_at": lead.lead_at,
            "lead_date": lead.lead_date,
            "funnel": lead.funnel,
            "person_id": ":".join(person_of[lead.key]),
            "is_first_in_funnel": lead.key in first,
            **_team(facts, decisions[lead.key]),
            **_tags(decisions[lead.key]),
            "deal_id": lead.deal_id,
        }
        for lead in counted
    ]
