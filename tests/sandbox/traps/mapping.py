"""Traps in who owns what: tags, campaigns, accounts, settings and plans."""

import json
from collections import Counter, defaultdict

from pipelines.sandbox.story.world import World
from tests.sandbox.traps.asking import has, rows, trap


@trap
def one_source_in_two_spellings_of_two_teams(world: World) -> bool:
    teams = {
        row["id"]: row["team_name"].strip().lower()
        for row in rows(world, "traffic", "traffic_users")
    }
    owners = defaultdict(set)
    spellings = defaultdict(set)
    for row in rows(world, "traffic", "traffic_user_utm_sources"):
        key = row["utm_source"].lower(), row["funnel_type"]
        owners[key].add(teams[row["user_id"]])
        spellings[key].add(row["utm_source"])
    return has(len(owners[key]) > 1 and len(spellings[key]) > 1 for key in owners)


@trap
def generic_source_mapped_with_a_medium(world: World) -> bool:
    return has(
        row["utm_source"] == "facebook" and row["utm_medium"]
        for row in rows(world, "traffic", "traffic_user_utm_sources")
    )


@trap
def mapped_campaign_ids(world: World) -> bool:
    table = rows(world, "traffic", "traffic_user_utm_sources")
    return has(row["fb_campaign_ids"] for row in table)


def tracked(world: World) -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows(world, "traffic", "traffic_targetologist_settings"):
        value = row["tracked_campaigns"]
        items = json.loads(value) if isinstance(value, str) else value
        for item in items:
            entry = item if isinstance(item, dict) else {"id": item}
            if entry.get("enabled", True):
                found[entry["id"]].add(row["user_id"])
    return found


@trap
def campaigns_tracked_by_two_users_of_one_team_and_of_two(world: World) -> bool:
    teams = {
        row["id"]: row["team_name"].strip().lower()
        for system in ("landing", "traffic")
        for row in rows(world, system, "traffic_users")
    }
    numbers = {
        len({teams[user] for user in users})
        for users in tracked(world).values()
        if len(users) > 1
    }
    return numbers == {1, 2}


@trap
def settings_as_a_json_string_and_as_plain_ids(world: World) -> bool:
    table = rows(world, "traffic", "traffic_targetologist_settings")
    is_string = has(isinstance(row["tracked_campaigns"], str) for row in table)
    return is_string and has(
        isinstance(item, str)
        for row in table
        if isinstance(row["fb_ad_accounts"], list)
        for item in row["fb_ad_accounts"]
    )


@trap
def switched_off_account_and_campaign(world: World) -> bool:
    text = json.dumps(
        [
            (row["fb_ad_accounts"], row["tracked_campaigns"])
            for row in rows(world, "traffic", "traffic_targetologist_settings")
        ]
    )
    return text.count('"enabled": false') >= 2


@trap
def admin_tracks_a_campaign(world: World) -> bool:
    admins = {
        row["id"]
        for row in rows(world, "landing", "traffic_users")
        if row["role"] == "admin"
    }
    return has(
        row["user_id"] in admins and row["tracked_campaigns"]
        for row in rows(world, "landing", "traffic_targetologist_settings")
    )


@trap
def account_of_all_teams_with_and_without_prefix(world: World) -> bool:
    accounts = {
        row["fb_ad_account_id"] for row in rows(world, "landing", "traffic_teams")
    }
    return (
        len(accounts) == 2 and len({one.removeprefix("act_") for one in accounts}) == 1
    )


@trap
def bindings_inactive_and_of_another_platform(world: World) -> bool:
    table = rows(world, "traffic", "traffic_ad_account_bindings")
    is_inactive = has(not row["is_active"] for row in table)
    return is_inactive and has(row["ad_platform"] != "facebook" for row in table)


@trap
def setting_as_number_and_as_text(world: World) -> bool:
    kinds = {
        type(row["setting_value"])
        for row in rows(world, "traffic", "traffic_admin_settings")
    }
    return str in kinds and bool(kinds & {int, float})


@trap
def plans_edited_noted_and_cancelled(world: World) -> bool:
    table = rows(world, "traffic", "traffic_weekly_plans")
    is_edited = has(row["adjusted_by"] and row["plan_revenue"] for row in table)
    is_noted = has(row["admin_notes"] and not row["adjusted_by"] for row in table)
    return is_edited and is_noted and has(row["status"] == "cancelled" for row in table)


@trap
def manual_attribution_twice_unassigned_and_unknown(world: World) -> bool:
    table = rows(world, "landing", "manual_attribution_log")
    days = Counter((row["stat_date"], row["campaign_id"]) for row in table)
    teams = {row["new_team"] for row in table}
    return max(days.values()) == 2 and {"Unassigned", "No Such Team"} <= teams


@trap
def repeated_team_totals(world: World) -> bool:
    table = rows(world, "landing", "traffic_stats")
    return has(row["campaign_id"] == "team_total" for row in table)
