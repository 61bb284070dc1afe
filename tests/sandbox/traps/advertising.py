"""Traps in spend and rates: totals, gaps, zones and currencies."""

import itertools
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

from pipelines.sandbox.story.calendar import ALMATY
from pipelines.sandbox.story.world import Document, World
from tests.sandbox.traps.asking import has, leads, rows, trap


def spend(rows_of_day: list[Document]) -> Decimal:
    return sum((Decimal(row.get("spend", "0")) for row in rows_of_day), Decimal(0))


def differences(world: World) -> list[Decimal]:
    groups: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for row in world.facebook.ad_days:
        groups[row["account_id"], row["date_start"]].append(row)
    return [
        spend([row]) - spend(groups[row["account_id"], row["date_start"]])
        for row in world.facebook.account_days
    ]


@trap
def account_totals_above_and_below_their_ads(world: World) -> bool:
    return max(differences(world)) > 0 > min(differences(world))


@trap
def account_day_without_visible_ads(world: World) -> bool:
    shown = {(row["account_id"], row["date_start"]) for row in world.facebook.ad_days}
    return has(
        (row["account_id"], row["date_start"]) not in shown
        for row in world.facebook.account_days
    )


@trap
def account_days_without_spend(world: World) -> bool:
    accounts = defaultdict(set)
    for row in world.facebook.account_days:
        accounts[row["account_id"]].add(date.fromisoformat(row["date_start"]))
    return has(
        len(days) < (max(days) - min(days)).days + 1 for days in accounts.values()
    )


@trap
def absent_zero_metrics(world: World) -> bool:
    return has(
        "spend" not in row and "clicks" not in row and "actions" not in row
        for row in world.facebook.ad_days
    )


@trap
def accounts_of_other_zones_and_currencies(world: World) -> bool:
    accounts = world.facebook.accounts
    zones = {account["timezone_name"] for account in accounts}
    return len(zones) > 2 and {one["currency"] for one in accounts} == {"USD", "EUR"}


@trap
def archived_and_deleted_ads(world: World) -> bool:
    statuses = {ad["effective_status"] for ad in world.facebook.ads}
    return {"ARCHIVED", "DELETED", "ACTIVE"} <= statuses


@trap
def two_campaigns_of_one_name(world: World) -> bool:
    names = Counter(campaign["name"] for campaign in world.facebook.campaigns)
    return max(names.values()) == 2


@trap
def rates_with_long_and_short_gaps(world: World) -> bool:
    days = sorted(row["date"] for row in rows(world, "landing", "exchange_rates"))
    gaps = {(after - day).days for day, after in itertools.pairwise(days)}
    return max(gaps) > 8 and bool(gaps & {4, 5})


@trap
def placeholder_wild_and_corrected_rates(world: World) -> bool:
    landing = {row["usd_to_kzt"] for row in rows(world, "landing", "exchange_rates")}
    traffic = {row["usd_to_kzt"] for row in rows(world, "traffic", "exchange_rates")}
    is_wild = max(landing) > 600 and min(traffic) < 400
    return is_wild and Decimal("475.2500") in landing and Decimal("517.8100") in traffic


@trap
def cut_copies(world: World) -> bool:
    is_cut = len(rows(world, "traffic", "leads")) < len(leads(world))
    stages = rows(world, "landing", "journey_stages")
    return is_cut and len(rows(world, "traffic", "journey_stages")) < len(stages)


@trap
def leads_at_midnight(world: World) -> bool:
    times = {
        row["created_at"].astimezone(ALMATY).time().isoformat() for row in leads(world)
    }
    return {"23:59:59", "00:00:00"} <= times
