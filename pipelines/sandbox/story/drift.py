"""The drifted world: the same story in databases whose migrations went another way.

The matching tables stand in `schemas/<system>_drifted.sql`.
"""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from pipelines.sandbox.story.world import Row

Databases = dict[str, dict[str, list[Row]]]
Place = tuple[str, str]

RENAMED = {
    ("landing", "journey_stages"): "lead_journey",
    ("tripwire", "tripwire_certificates"): "certificates",
}
ABSENT = {
    "landing": ("targetologist_utm_settings", "lead_tracking", "sales_notifications"),
    "traffic": (
        "intensive1d_sales", "sales_notifications", "traffic_aggregated_metrics",
        "traffic_sync_history", "historical_sync_log",
    ),
    "tripwire": ("user_achievements", "user_statistics"),
}  # fmt: skip
MISSING = {
    ("landing", "landing_leads"): ("client_id", "amocrm_sync_attempts"),
    ("landing", "express_course_sales"): ("original_utm_content", "original_utm_term"),
    ("landing", "short_links"): ("expires_at",),
    ("traffic", "traffic_users"): ("enabled_funnels", "primary_funnel_type"),
    ("traffic", "traffic_user_utm_sources"): ("fb_ad_account_id",),
    ("traffic", "traffic_leads"): ("fb_adset_id",),
    ("traffic", "express_course_sales"): ("deal_id", "amount", "pipeline_id"),
    ("traffic", "main_product_sales"): ("status_id",),
}
# JSON kept as text by whoever created the column.
AS_TEXT = {
    ("landing", "landing_leads"): ("metadata",),
    ("traffic", "traffic_targetologist_settings"): ("tracked_campaigns",),
    ("traffic", "traffic_admin_settings"): ("setting_value",),
    ("traffic", "traffic_leads"): ("metadata",),
}
AWARE = {
    ("landing", "express_course_sales"): ("sale_date", "updated_at"),
    ("landing", "main_product_sales"): ("sale_date",),
    ("landing", "exchange_rates"): ("fetched_at",),
}
AS_NUMBER = {
    ("landing", "landing_leads"): ("amocrm_lead_id",),
    ("traffic", "express_course_sales"): ("amocrm_lead_id",),
}
UNKNOWN: dict[Place, Row] = {
    ("landing", "landing_leads"): {"api_secret": "canary-secret-unknown-column"},
    ("landing", "express_course_sales"): {"card_token": "canary-secret-unknown-column"},
    ("traffic", "traffic_users"): {"reset_token": "canary-secret-unknown-column"},
    ("traffic", "traffic_leads"): {"quality_score": 7},
    ("tripwire", "tripwire_users"): {"passport_scan": "canary-secret-unknown-column"},
}


def drift(databases: Databases) -> Databases:
    """Return the same rows in the drifted shapes; what has no place there is lost."""
    result: Databases = {}
    for system, tables in databases.items():
        result[system] = {}
        for table, rows in tables.items():
            if table in ABSENT[system]:
                continue
            name = RENAMED.get((system, table), table)
            result[system][name] = [_row((system, table), row) for row in rows]
    _swap_teams(result)
    result["traffic"]["all_sales_tracking"] = _view(result["traffic"])
    return result


def _row(place: Place, row: Row) -> Row:
    changes: list[tuple[tuple[str, ...], Callable[[Any], Any]]] = [
        (AS_TEXT.get(place, ()), lambda value: json.dumps(value, ensure_ascii=False)),
        (AWARE.get(place, ()), lambda value: value.replace(tzinfo=UTC)),
        (AS_NUMBER.get(place, ()), _number),
    ]
    drifted = {
        name: value for name, value in row.items() if name not in MISSING.get(place, ())
    }
    for names, change in changes:
        for name in names:
            if drifted.get(name) is not None:
                drifted[name] = change(drifted[name])
    return drifted | UNKNOWN.get(place, {})


def _number(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isdigit() else None


def _swap_teams(databases: Databases) -> None:
    """Give Landing's teams the newer shape, without company and direction."""
    for row in databases["landing"]["traffic_teams"]:
        row["display_name"] = f"Team {row['name']}"
        row["is_active"] = True
        del row["company"], row["direction"]


def _view(tables: dict[str, list[Row]]) -> list[Row]:
    """Compute what the view shows: no flagman, no prepayments, blanks that hide."""
    rows = [
        _seen(row, "express", row["utm_source"], row["utm_campaign"])
        for row in tables["traffic_sales"]
        if row["amount"] > 0
    ]
    for row in tables["challenge3d_sales"]:
        if row["amount"] > 0 and not row["prepaid"]:
            source, campaign = (
                row[f"original_{name}"] if row[f"original_{name}"] is not None
                else row[name]
                for name in ("utm_source", "utm_campaign")
            )  # fmt: skip
            rows.append(_seen(row, "challenge3d", source, campaign))
    return rows


def _seen(row: Row, funnel: str, source: str | None, campaign: str | None) -> Row:
    return {
        "lead_id": str(row["deal_id"]),
        "sale_amount": row["amount"],
        "funnel_type": funnel,
        "utm_source": source,
        "utm_campaign": campaign,
        "sale_date": row["sale_date"],
    }
