with

delivered as (
    select * from {{ ref('int_ad_objects__delivered') }}
    where object_kind = 'campaign'
)

select
    object_id as fb_campaign_id,
    account_id as fb_ad_account_id,
    object_name as campaign_name,
    status,
    effective_status,
    objective as campaign_objective,
    team_id,
    team_name,
    utm_source,
    utm_medium,
    utm_campaign,
    spend_usd,
    spend_kzt,
    impressions,
    clicks,
    ctr_pct,
    cpc_usd,
    cpm_usd,
    conversions,
    cost_per_conversion_usd,
    data_start_date,
    data_end_date,
    is_deleted
from delivered
