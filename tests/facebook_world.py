"""A small Facebook for tests: as many accounts, ads and days as a claim needs."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.sandbox.story.world import FacebookWorld

TOKEN = "a-system-user-token"
NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
TODAY = date(2026, 1, 6)
FIRST, SECOND, THIRD = "act_1001", "act_1002", "act_1003"


def account(account_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": account_id,
        "account_id": account_id.removeprefix("act_"),
        "name": f"Account {account_id}",
        "currency": "USD",
        "timezone_name": "Asia/Almaty",
        "account_status": 1,
        "created_time": "2025-01-01T00:00:00+0500",
        **more,
    }


def ad(account_id: str, number: int, **more: Any) -> dict[str, Any]:
    digits = account_id.removeprefix("act_")
    return {
        "id": f"{digits}{number:04}",
        "account_id": digits,
        "campaign_id": f"{digits}7",
        "adset_id": f"{digits}8",
        "name": f"Ad {number}",
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "creative": {"id": f"{digits}9"},
        "updated_time": "2025-12-20T10:00:00+0500",
        **more,
    }


def insight(
    account_id: str, day: date, *, ad_id: str | None = None, spend: str = "1.10"
) -> dict[str, Any]:
    digits = account_id.removeprefix("act_")
    row: dict[str, Any] = {
        "account_id": digits,
        "account_currency": "USD",
        "date_start": day.isoformat(),
        "date_stop": day.isoformat(),
        "spend": spend,
        "impressions": "120",
    }
    if ad_id:
        row |= {"ad_id": ad_id, "adset_id": f"{digits}8", "campaign_id": f"{digits}7"}
    return row


def days(count: int, *, last: date = TODAY) -> list[date]:
    return [last - timedelta(days=back) for back in reversed(range(count))]


def world(
    account_ids: Iterable[str] = (FIRST,), *, ads: int = 2, history: int = 5
) -> FacebookWorld:
    """Each account has one campaign, ad set and creative, and every ad each day."""
    made = FacebookWorld(TOKEN, [], [], [], [], [], [], [])
    for account_id in account_ids:
        made.accounts.append(account(account_id))
        digits = account_id.removeprefix("act_")
        common = {"account_id": digits, "status": "ACTIVE", "name": "One"}
        made.campaigns.append({"id": f"{digits}7", **common})
        made.ad_sets.append({"id": f"{digits}8", "campaign_id": f"{digits}7", **common})
        made.creatives.append(
            {"id": f"{digits}9", "url_tags": "utm_source=buyerfb", **common}
        )
        own = [ad(account_id, number) for number in range(ads)]
        made.ads.extend(own)
        for day in days(history):
            made.ad_days.extend(
                insight(account_id, day, ad_id=one["id"], spend=f"1.{n:02}")
                for n, one in enumerate(own)
            )
            total = sum(Decimal(f"1.{n:02}") for n in range(ads))
            made.account_days.append(insight(account_id, day, spend=str(total)))
    return made


def action(action_type: str, value: int | str, **windows: str) -> dict[str, str]:
    """One element of `actions`, with the windows that it states itself."""
    return {"action_type": action_type, "value": str(value), **windows}


def hour(account_id: str, day: date, number: int, *, spend: str) -> dict[str, Any]:
    """One hour of an account's own day."""
    period = f"{number:02}:00:00 - {number:02}:59:59"
    return insight(account_id, day, spend=spend) | {
        "hourly_stats_aggregated_by_advertiser_time_zone": period
    }


def activity(account_id: str, event_time: str, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account_id.removeprefix("act_"),
        "event_time": event_time,
        "event_type": "update_ad_set_budget",
        "object_id": f"{account_id.removeprefix('act_')}8",
        "object_name": "One",
        "object_type": "CAMPAIGN",
        "actor_name": "A Buyer",
        "extra_data": '{"old_value": 1000, "new_value": 2000}',
        **more,
    }


def lead_form(form_id: str, page_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": form_id,
        "page_id": page_id,
        "name": f"Form {form_id}",
        "status": "ACTIVE",
        "leads_count": 0,
        "organic_leads_count": 0,
        "expired_leads_count": 0,
        "created_time": "2025-06-01T10:00:00+0000",
        **more,
    }


def lead(lead_id: str, form_id: str, created_time: str, **more: Any) -> dict[str, Any]:
    return {
        "id": lead_id,
        "form_id": form_id,
        "created_time": created_time,
        "is_organic": "ad_id" not in more,
        "platform": "fb",
        "field_data": [
            {"name": "phone_number", "values": ["+70000000000"]},
            {"name": "email", "values": [f"lead{lead_id}@example.com"]},
        ],
        **more,
    }


def page(page_id: str, **more: Any) -> dict[str, Any]:
    return {"id": page_id, "name": f"Page {page_id}", **more}


def restate(made: FacebookWorld, ad_id: str, day: date, *, spend: str | None) -> None:
    """Change what an ad spent on a day, None for a row that vanishes, and the total."""
    row = next(
        row
        for row in made.ad_days
        if (row["ad_id"], row["date_start"]) == (ad_id, day.isoformat())
    )
    total = next(
        one
        for one in made.account_days
        if (one["account_id"], one["date_start"])
        == (row["account_id"], day.isoformat())
    )
    change = Decimal(spend or 0) - Decimal(row["spend"])
    total["spend"] = str(Decimal(total["spend"]) + change)
    if spend is None:
        made.ad_days.remove(row)
    else:
        row["spend"] = spend


def expire_leads(made: FacebookWorld, *, before: str) -> None:
    """Let Facebook forget the leads created before a moment; their forms count them."""
    moment = datetime.fromisoformat(before)
    for form in made.lead_forms:
        old = [
            one
            for one in made.leads
            if one["form_id"] == form["id"]
            and datetime.fromisoformat(one["created_time"]) < moment
        ]
        form["expired_leads_count"] = form.get("expired_leads_count", 0) + len(old)
        for one in old:
            made.leads.remove(one)
