with

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

lookups as (
    select * from {{ ref('int_attribution__campaign_lookups') }}
),

lead_ads_leads as (
    select * from {{ ref('int_lead_ads__leads') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

asked_days as (
    select campaign_id, stat_date as event_date from ad_days
    union distinct
    select campaign_id, event_date from lookups
    union distinct
    select campaign_id, created_date as event_date from lead_ads_leads
),

campaign_days as (
    select
        asked_days.campaign_id,
        asked_days.event_date,
        campaigns.account_id
    from asked_days
    left join campaigns on asked_days.campaign_id = campaigns.campaign_id
    where asked_days.campaign_id is not null and asked_days.event_date is not null
)

select * from campaign_days
