with

campaigns as (
    select * from {{ ref('stg_facebook__campaigns') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

-- A deleted campaign is known from its spend alone; the newest day has its last name.
lost_campaigns as (
    select
        ad_days.campaign_id,
        ad_days.account_id,
        ad_days.campaign_name,
        row_number() over (
            partition by ad_days.campaign_id
            order by ad_days.stat_date desc, ad_days.ad_id
        ) as day_rank
    from ad_days
    left join campaigns on ad_days.campaign_id = campaigns.campaign_id
    where campaigns.campaign_id is null and ad_days.campaign_id is not null
),

named_campaigns as (
    select campaign_id, account_id, campaign_name
    from campaigns
    union all
    select campaign_id, account_id, campaign_name
    from lost_campaigns
    where day_rank = 1
)

select
    campaign_id,
    account_id,
    campaign_name,
    {{ tokens('campaign_name') }} as name_tokens
from named_campaigns
