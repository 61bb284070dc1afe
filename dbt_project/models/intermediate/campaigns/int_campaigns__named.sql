with

campaigns as (
    select * from {{ ref('stg_facebook__campaigns') }}
),

ad_insights as (
    select * from {{ ref('stg_facebook__ad_insights') }}
),

-- A deleted campaign is known from its spend alone; the newest row has its last name.
ranked_insights as (
    select
        campaign_id,
        account_id,
        campaign_name,
        row_number() over (
            partition by campaign_id order by stat_date desc, ad_id
        ) as insight_rank
    from ad_insights
),

newest_insights as (
    select campaign_id, account_id, campaign_name
    from ranked_insights
    where insight_rank = 1 and campaign_id is not null
),

named_campaigns as (
    select
        coalesce(campaigns.campaign_id, newest_insights.campaign_id) as campaign_id,
        coalesce(campaigns.account_id, newest_insights.account_id) as account_id,
        coalesce(
            campaigns.campaign_name, newest_insights.campaign_name
        ) as campaign_name
    from campaigns
    full outer join newest_insights
        on campaigns.campaign_id = newest_insights.campaign_id
)

select
    campaign_id,
    account_id,
    campaign_name,
    {{ tokens('campaign_name') }} as name_tokens
from named_campaigns
