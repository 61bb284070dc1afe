"""What the sources write about themselves: errors, logs, sessions, tokens.

Most of it must never leave them; the canaries prove that it does not.
"""

from datetime import UTC, timedelta

from pipelines.sandbox.story.calendar import at
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Row

ERRORS, INTEGRATION_LOGS, SESSIONS = 30_000, 200, 15


def tell_operations(draft: Draft) -> None:
    """Fill the logs, keep the tokens, and notify of one sale."""
    dice = draft.dice("operations")
    _errors(draft, dice)
    _landing(draft, dice)
    _sales_notes(draft, dice)
    _traffic(draft, dice)
    _saved_reports(draft)


def _errors(draft: Draft, dice: Dice) -> None:
    start, end = at(draft.calendar.start, 0), draft.options.now
    step = (end - start) / ERRORS
    rows = draft.rows("landing", "error_logs")
    severities = dice.choices(("low", "medium", "high", "critical"), (60, 30, 8, 2),
                              k=ERRORS)  # fmt: skip
    categories = dice.choices(("webhook", "sync", "mail", "page"), k=ERRORS)
    bits = [dice.getrandbits(48) for _ in range(ERRORS)]
    context: Row = {"phone": "canary-pii-phone"}
    for number in range(ERRORS):
        moment = start + step * number
        rows.append(
            {
                "id": f"00000000-0000-4000-8000-{bits[number]:012x}",
                "severity": severities[number],
                "category": categories[number],
                "message": "canary-pii-error-message",
                "context": context,
                "environment": "production",
                "resolved": False,
                "timestamp": moment,
                "created_at": moment,
            }
        )


def _landing(draft: Draft, dice: Dice) -> None:
    for number in range(INTEGRATION_LOGS):
        draft.add(
            "landing",
            "integration_logs",
            {
                "id": dice.uuid(),
                "service_name": "amocrm",
                "action": "push_lead",
                "status": "success" if number % 7 else "error",
                "request_payload": {"token": "canary-secret-request-payload"},
                "response_payload": {"phone": "canary-pii-phone"},
                "duration_ms": dice.randint(80, 2500),
                "created_at": draft.calendar.ago(number % 25, number % 24),
            },
        )
    for service in ("amocrm", "facebook"):
        draft.add(
            "landing",
            "integration_tokens",
            {
                "service_name": service,
                "access_token": "canary-secret-access-token",
                "refresh_token": "canary-secret-refresh-token",
                "updated_at": draft.calendar.ago(1),
            },
        )


def _sales_notes(draft: Draft, dice: Dice) -> None:
    deal = draft.deals[0]
    draft.add(
        "landing",
        "sales_notifications",
        {
            "id": dice.uuid(),
            "lead_id": deal.deal_id,
            "sale_amount": 490_000,
            "product_name": "Flagman",
            "notification_status": "sent",
            "created_at": draft.calendar.ago(12),
            "updated_at": draft.calendar.ago(12),
        },
    )
    for row in draft.rows("landing", "express_course_sales")[:20]:
        draft.add("landing", "all_sales_tracking", _tracked(dice, row))
    draft.add(
        "landing",
        "lead_tracking",
        {"id": dice.uuid(), "client_id": "client-1", "event_name": "page_view",
         "ip_address": "203.0.113.9", "created_at": draft.calendar.ago(3)},
    )  # fmt: skip
    for table in ("targetologist_utm_settings", "sales_activity_log"):
        draft.rows("landing", table)


def _tracked(dice: Dice, row: Row) -> Row:
    return {
        "id": dice.uuid(),
        "lead_id": str(row["deal_id"]),
        "contact_name": "canary-pii-name",
        "contact_phone": "canary-pii-phone",
        "sale_amount": row["amount"] or 0,
        "product_name": "Express Course",
        "utm_source": row["utm_source"],
        "pipeline_id": str(row["pipeline_id"]),
        "status_id": str(row["status_id"]),
        "sale_date": row["sale_date"].replace(tzinfo=UTC),
        "raw_webhook_data": {"phone": "canary-pii-phone"},
    }


def _traffic(draft: Draft, dice: Dice) -> None:
    users = draft.rows("traffic", "traffic_users")
    for number in range(SESSIONS):
        created_at = draft.calendar.ago(number, 9)
        draft.add(
            "traffic",
            "traffic_user_sessions",
            {
                "id": dice.uuid(),
                "user_id": users[number % len(users)]["id"],
                "token_hash": "canary-secret-session-token",
                "ip_address": "203.0.113.7",
                "user_agent": "canary-pii-user-agent",
                "created_at": created_at,
                "expires_at": created_at + timedelta(days=7),
            },
        )
    draft.add(
        "traffic",
        "traffic_onboarding_progress",
        {"id": dice.uuid(), "user_id": users[0]["id"], "current_step": 2,
         "updated_at": draft.calendar.ago(9)},
    )  # fmt: skip
    for row in draft.rows("traffic", "express_course_sales")[:4]:
        draft.add("traffic", "all_sales_tracking", _tracked(dice, row))
    # The tables that a consolidation created and nobody fills.
    for table in (
        "traffic_sales", "lead_tracking", "traffic_fb_campaigns", "traffic_fb_ad_sets",
        "traffic_fb_ads", "facebook_ad_spend", "traffic_sales_stats",
        "traffic_aggregated_metrics", "traffic_sync_history", "sales_notifications",
        "traffic_facebook_ads_raw", "historical_sync_log", "audit_log",
        "sales_activity_log", "traffic_onboarding_step_tracking",
    ):  # fmt: skip
        draft.rows("traffic", table)
    draft.rows("tripwire", "sales_activity_log")


def _saved_reports(draft: Draft) -> None:
    """Keep the few reports that somebody's visit to the old dashboard saved."""
    for number, ago in enumerate((20, 17, 9), start=1):
        draft.add(
            "tripwire",
            "daily_traffic_reports",
            {
                "id": number,
                "report_date": draft.calendar.day(ago),
                "total_spend": 95,
                "total_revenue": 25_000,
                "total_sales": 5,
                "usd_to_kzt_rate": 470,
                "teams_data": [],
                "created_at": draft.calendar.ago(ago - 1),
                "updated_at": draft.calendar.ago(ago - 1),
            },
        )
