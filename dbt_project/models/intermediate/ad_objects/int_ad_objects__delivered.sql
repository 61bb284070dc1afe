with

objects as (
    select * from {{ ref('int_ad_objects__named') }}
),

campaigns as (
    select * from {{ ref('stg_facebook__campaigns') }}
),

campaign_names as (
    select * from {{ ref('int_campaigns__named') }}
),

spend as (
    select * from {{ ref('int_ad_objects__spend') }}
),

utms as (
    select * from {{ ref('int_ad_objects__utms') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

nobody as (
    select * from teams
    where team_key = 'unattributed'
),

-- Without a day there is nothing spent, whatever the currency.
delivered as (
    select
        objects.object_kind,
        objects.object_id,
        objects.account_id,
        objects.campaign_id,
        objects.ad_set_id,
        coalesce(
            objects.object_name,
            case
                when objects.object_kind = 'campaign' then campaign_names.campaign_name
            end
        ) as object_name,
        objects.status,
        objects.effective_status,
        campaigns.objective,
        objects.targeting,
        objects.ad_format,
        objects.creative_url,
        coalesce(teams.team_id, nobody.team_id) as team_id,
        coalesce(teams.team_name, nobody.team_name) as team_name,
        utms.utm_source,
        utms.utm_medium,
        utms.utm_campaign,
        cast(
            case when spend.object_id is null then 0 else spend.spend_usd end
            as numeric(18, 2)
        ) as spend_usd,
        cast(
            case when spend.object_id is null then 0 else spend.spend_kzt end
            as numeric(18, 2)
        ) as spend_kzt,
        cast(coalesce(spend.impressions, 0) as bigint) as impressions,
        cast(coalesce(spend.clicks, 0) as bigint) as clicks,
        cast(coalesce(spend.conversions, 0) as bigint) as conversions,
        spend.data_start_date,
        spend.data_end_date,
        objects.is_deleted
    from objects
    cross join nobody
    left join campaigns on objects.campaign_id = campaigns.campaign_id
    left join campaign_names on objects.campaign_id = campaign_names.campaign_id
    left join spend
        on
            objects.object_kind = spend.object_kind
            and objects.object_id = spend.object_id
    left join utms
        on
            objects.object_kind = utms.object_kind
            and objects.object_id = utms.object_id
    left join teams on spend.team_id = teams.team_id
)

select
    *,
    {{ ctr_pct('clicks', 'impressions') }} as ctr_pct,
    {{ cpc_usd('spend_usd', 'clicks') }} as cpc_usd,
    {{ cpm_usd('spend_usd', 'impressions') }} as cpm_usd,
    {{ cpl_usd('spend_usd', 'conversions') }} as cost_per_conversion_usd
from delivered
