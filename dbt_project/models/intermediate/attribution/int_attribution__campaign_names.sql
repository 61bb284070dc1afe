with

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

names as (
    select distinct campaign_name from campaigns
    where campaign_name is not null
),

normalised as (
    select
        campaign_name,
        {{ utm_norm('campaign_name') }} as utm_campaign
    from names
),

-- A name that two campaigns share decides nothing.
unique_names as (
    select
        normalised.utm_campaign,
        min(campaigns.campaign_id) as campaign_id
    from campaigns
    inner join normalised on campaigns.campaign_name = normalised.campaign_name
    where normalised.utm_campaign is not null
    group by normalised.utm_campaign
    having count(distinct campaigns.campaign_id) = 1
)

select * from unique_names
