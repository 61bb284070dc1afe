"""Who owns what: users, teams, the UTM map, bindings and settings of two databases.

The campaigns and accounts that are owned belong to `campaigns.py`.
"""

import json

from pipelines.sandbox.story.campaigns import ABROAD, EURO, HIDDEN, LOCAL, SHARED
from pipelines.sandbox.story.cast import (
    AGENCY,
    CONTESTED,
    MAPPED_MEDIUM,
    MEDIUM_ONLY,
    NICK,
    SHARED_NICK,
    STUDIO,
    Buyer,
    Cast,
)
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Document, Row


def tell_mapping(draft: Draft) -> None:
    """Write down the owners, with every slip of the pen the dashboard allows."""
    dice = draft.dice("mapping")
    _teams(draft)
    _users(draft)
    _utm_map(draft, dice)
    _bindings(draft, dice)
    _settings(draft, dice)


def _teams(draft: Draft) -> None:
    created_at = draft.calendar.ago(draft.options.weeks * 7 + 30)
    for team in draft.cast.teams:
        # Everybody's account, written in two ways.
        account = SHARED.act_id if team.index % 2 else SHARED.digits
        draft.add(
            "landing",
            "traffic_teams",
            {
                "id": team.team_id,
                "name": team.name,
                "company": "School Sample",
                "direction": "traffic",
                "fb_ad_account_id": account,
                "color": "#336699",
                "emoji": "🐦",
                "created_at": created_at,
                "updated_at": created_at,
            },
        )
    draft.rows("traffic", "traffic_teams")


def _users(draft: Draft) -> None:
    cast = draft.cast
    old = draft.calendar.ago(draft.options.weeks * 7 + 20)
    new = draft.calendar.ago(30)
    for buyer in (*cast.buyers, cast.admin):
        row = _user(cast, buyer)
        # Its older copy does not know the buyer's own tag.
        row |= {"utm_source": None, "created_at": old, "updated_at": old}
        draft.add("landing", "traffic_users", row)
    for buyer in (cast.agency, cast.nick, cast.second):
        row = _user(cast, buyer) | {
            "team_name": f" {buyer.team.name.lower()} ",
            "team_id": None,
            "enabled_funnels": ["express", "challenge3d"],
            "primary_funnel_type": "express",
            "created_at": old,
            "updated_at": new,
        }
        draft.add("traffic", "traffic_users", row)


def _user(cast: Cast, buyer: Buyer) -> Row:
    sources = {cast.agency: AGENCY, cast.nick: NICK, cast.second: SHARED_NICK}
    return {
        "id": buyer.user_id,
        "email": buyer.email,
        "password_hash": "canary-secret-password-hash",
        "full_name": buyer.name,
        "team_name": buyer.team.name,
        "role": buyer.role,
        "team_id": buyer.team.team_id,
        "is_active": True,
        "utm_source": sources.get(buyer),
        "funnel_type": "express",
    }


def _utm_map(draft: Draft, dice: Dice) -> None:
    cast, plan = draft.cast, draft.plan
    rows: list[tuple[Buyer, str, str | None, str, Document]] = [
        (cast.agency, AGENCY, None, "express", {
            "fb_campaign_ids": [plan["mapped"].campaign_id, " "],
            "fb_ad_account_id": EURO.digits,
        }),
        # One source, two spellings, two teams: nobody's.
        (cast.agency, CONTESTED, None, "express", {}),
        (cast.nick, CONTESTED.swapcase(), None, "express", {}),
        # A generic source names a team only together with a medium.
        (cast.nick, "facebook", MAPPED_MEDIUM, "challenge3d", {}),
    ]  # fmt: skip
    created_at = draft.calendar.ago(draft.options.weeks * 7 + 10)
    for buyer, source, medium, funnel, extra in rows:
        row: Row = {
            "id": dice.uuid(),
            "user_id": buyer.user_id,
            "utm_source": source,
            "utm_medium": medium,
            "funnel_type": funnel,
            "fb_ad_account_id": None,
            "fb_campaign_ids": [],
            "is_active": True,
            "created_at": created_at,
            "updated_at": created_at,
        }
        draft.add("traffic", "traffic_user_utm_sources", row | extra)


def _bindings(draft: Draft, dice: Dice) -> None:
    cast = draft.cast
    created_at = draft.calendar.ago(draft.options.weeks * 7 + 5)
    rows = [
        (ABROAD.act_id, "facebook", cast.nick.team, True),
        # Unbound again: decides nothing, lists nothing.
        (LOCAL.act_id, "facebook", cast.agency.team, False),
        (HIDDEN.act_id, "facebook", cast.agency.team, False),
        # Another platform's account is no account of Facebook.
        ("7001002003", "tiktok", cast.nick.team, True),
    ]
    for account_id, platform, team, is_active in rows:
        draft.add(
            "traffic",
            "traffic_ad_account_bindings",
            {
                "id": dice.uuid(),
                "ad_account_id": account_id,
                "ad_platform": platform,
                "team_id": team.team_id,
                "team_name": team.name.upper(),
                "created_by": cast.admin.user_id,
                "is_active": is_active,
                "verified": is_active,
                "total_spend": 0,
                "created_at": created_at,
                "updated_at": created_at,
            },
        )
    draft.add(
        "landing",
        "integration_ad_accounts",
        {
            "account_id": LOCAL.digits,
            "team_name": cast.studio.team.name,
            "created_at": created_at,
            "updated_at": created_at,
        },
    )


def _settings(draft: Draft, dice: Dice) -> None:
    """Give each buyer settings in one database, and one buyer a stale copy."""
    cast = draft.cast
    in_traffic = (cast.agency, cast.nick, cast.second)
    new, old = draft.calendar.ago(25), draft.calendar.ago(26)
    for buyer in in_traffic:
        row = _setting(draft, dice, buyer)
        draft.add(
            "traffic", "traffic_targetologist_settings", row | {"updated_at": new}
        )
    for buyer in (*cast.buyers, cast.admin):
        row = _setting(draft, dice, buyer) | {"updated_at": old}
        if buyer is cast.nick:
            continue
        if buyer in in_traffic:
            # Replaced since: it tracked what others track now.
            row |= {"tracked_campaigns": [{"id": draft.plan["orphan"].campaign_id}]}
        draft.add("landing", "traffic_targetologist_settings", row)


def _setting(draft: Draft, dice: Dice, buyer: Buyer) -> Row:
    cast = draft.cast
    accounts, tracked = _choices(draft, buyer)
    assigned = {cast.studio: STUDIO, cast.by_medium: SHARED_NICK}
    row: Row = {
        "id": dice.uuid(),
        "user_id": buyer.user_id,
        "fb_ad_accounts": accounts,
        "tracked_campaigns": tracked,
        "fb_access_token": "canary-secret-fb-access-token",
        "utm_source": "facebook",
        "utm_medium": "cpc",
        "tracking_by": "utm_source",
        "assigned_utm_source": assigned.get(buyer),
        "notification_email": "canary-pii@dashboard.example",
        "notification_telegram": 700_000_001,
        "created_at": draft.calendar.ago(40),
    }
    if buyer == cast.by_medium:
        row |= {"utm_medium": MEDIUM_ONLY, "tracking_by": "utm_medium"}
    return row


def _choices(draft: Draft, buyer: Buyer) -> tuple[object, object]:
    """Return a buyer's accounts and campaigns in the shapes the page has saved."""
    cast, plan = draft.cast, draft.plan
    tracked, contested = plan["tracked"].campaign_id, plan["contested"].campaign_id
    if buyer == cast.agency:
        accounts = [
            {"id": SHARED.act_id, "name": SHARED.name, "enabled": True},
            {"id": HIDDEN.digits, "name": HIDDEN.name, "enabled": False},
        ]
        campaigns = [
            {"id": tracked, "name": plan["tracked"].name, "enabled": True},
            {"id": contested, "ad_account_id": SHARED.digits},
            {"id": contested},
            {"id": plan["orphan"].campaign_id, "enabled": False},
        ]
        return accounts, campaigns
    if buyer == cast.second:
        # Plain ids, and the whole list as text inside JSON.
        return [SHARED.digits], json.dumps([tracked])
    if buyer == cast.nick:
        return json.dumps([{"id": SHARED.digits}]), [{"id": contested, "enabled": True}]
    if buyer == cast.admin:
        # An admin's tracking names no team.
        return [], [{"id": plan["orphan"].campaign_id, "enabled": True}]
    return [{"id": SHARED.digits, "enabled": True}], []
