"""What we ask Facebook for: the fields and statuses of each kind of object.

Only lists. Left out on purpose: what changes with every look (signed picture addresses,
remaining budgets), ratios that follow from the sums, and `wish_bid`, which makes
Facebook answer with a wrong spend.
"""

ACCOUNT = (
    "id",
    "account_id",
    "name",
    "currency",
    "timezone_name",
    "timezone_id",
    "timezone_offset_hours_utc",
    "account_status",
    "disable_reason",
    "amount_spent",
    "spend_cap",
    "business",
    "created_time",
)
CAMPAIGN = (
    "id",
    "account_id",
    "name",
    "objective",
    "status",
    "configured_status",
    "effective_status",
    "buying_type",
    "bid_strategy",
    "daily_budget",
    "lifetime_budget",
    "spend_cap",
    "special_ad_categories",
    "start_time",
    "stop_time",
    "created_time",
    "updated_time",
)
AD_SET = (
    "id",
    "account_id",
    "campaign_id",
    "name",
    "status",
    "configured_status",
    "effective_status",
    "optimization_goal",
    "billing_event",
    "attribution_spec",
    "destination_type",
    "promoted_object",
    "bid_amount",
    "daily_budget",
    "lifetime_budget",
    "targeting",
    "start_time",
    "end_time",
    "created_time",
    "updated_time",
)
AD = (
    "id",
    "account_id",
    "campaign_id",
    "adset_id",
    "name",
    "status",
    "configured_status",
    "effective_status",
    "creative",
    "conversion_domain",
    "tracking_specs",
    "source_ad_id",
    # Unlike pictures' addresses it is not signed anew with each look.
    "preview_shareable_link",
    "created_time",
    "updated_time",
)
CREATIVE = (
    "id",
    "account_id",
    "name",
    "status",
    "url_tags",
    "object_story_spec",
    "effective_object_story_id",
    "asset_feed_spec",
    "link_url",
    "object_url",
    "template_url",
    "template_url_spec",
    "call_to_action_type",
    "object_type",
)
ACCOUNT_INSIGHTS = (
    "account_id",
    "account_currency",
    "date_start",
    "date_stop",
    "spend",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "reach",
    "actions",
)
AD_INSIGHTS = (
    *ACCOUNT_INSIGHTS,
    "campaign_id",
    "campaign_name",
    "adset_id",
    "adset_name",
    "ad_id",
    "ad_name",
    "action_values",
    "conversions",
    "outbound_clicks",
    "video_play_actions",
    "video_p25_watched_actions",
    "video_p50_watched_actions",
    "video_p75_watched_actions",
    "video_p100_watched_actions",
    "video_thruplay_watched_actions",
    "video_avg_time_watched_actions",
    "objective",
    "optimization_goal",
    "attribution_setting",
)
# The hour of the account's day, as Facebook calls the breakdown and its column.
HOUR = "hourly_stats_aggregated_by_advertiser_time_zone"
HOURLY_INSIGHTS = (
    "account_id",
    "account_currency",
    "date_start",
    "date_stop",
    "spend",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "actions",
)
# What says whose row it is; the rest of an ad's fields are figures.
IDENTITY = frozenset(
    {
        "account_id",
        "account_currency",
        "campaign_id",
        "campaign_name",
        "adset_id",
        "adset_name",
        "ad_id",
        "ad_name",
        "date_start",
        "date_stop",
        "objective",
        "optimization_goal",
        "attribution_setting",
    }
)
# All that Facebook still answers; 7d_view and 28d_view return nothing since 2026.
ATTRIBUTION_WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")

# Facebook hides archived objects unless they are asked for. DELETED is not asked for in
# lists: there it may be an error, so deleted objects are read by their ids.
CAMPAIGN_STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
AD_SET_STATUSES = (*CAMPAIGN_STATUSES, "CAMPAIGN_PAUSED")
AD_STATUSES = (
    *AD_SET_STATUSES,
    "ADSET_PAUSED",
    "DISAPPROVED",
    "PENDING_BILLING_INFO",
    "PENDING_REVIEW",
    "PREAPPROVED",
)
# In insights DELETED is allowed, and without it the spend of deleted ads is missing.
INSIGHTS_AD_STATUSES = (*AD_STATUSES, "DELETED")
