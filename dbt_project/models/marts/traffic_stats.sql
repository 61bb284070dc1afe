with

spend_rows as (
    select * from {{ ref('int_spend__converted') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

campaign_teams as (
    select * from {{ ref('int_campaigns__teams') }}
),

account_teams as (
    select * from {{ ref('int_campaigns__account_teams') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

-- A balancing row has no campaign: its account's own team answers for it.
owned_rows as (
    select
        spend_rows.*,
        campaigns.campaign_name as current_campaign_name,
        campaign_teams.user_id,
        coalesce(
            case
                when spend_rows.campaign_id is null then account_teams.team_key
                else campaign_teams.team_key
            end,
            'unattributed'
        ) as team_key,
        case
            when spend_rows.campaign_id is null then account_teams.method
            else campaign_teams.method
        end as method
    from spend_rows
    left join campaigns on spend_rows.campaign_id = campaigns.campaign_id
    left join campaign_teams
        on spend_rows.campaign_id = campaign_teams.campaign_id
        and spend_rows.stat_date = campaign_teams.event_date
    left join account_teams
        on spend_rows.account_id = account_teams.account_id
        and spend_rows.stat_date = account_teams.event_date
)

select
    owned_rows.stat_key,
    owned_rows.stat_date,
    owned_rows.account_id as ad_account_id,
    owned_rows.campaign_id,
    owned_rows.current_campaign_name as campaign_name,
    owned_rows.ad_set_id,
    owned_rows.ad_id,
    teams.team_id,
    teams.team_name,
    owned_rows.user_id,
    coalesce(owned_rows.method, 'unattributed') as method,
    owned_rows.spend_usd,
    owned_rows.spend_kzt,
    cast(owned_rows.usd_to_kzt_rate as numeric(18, 6)) as usd_to_kzt_rate,
    cast(owned_rows.impressions as bigint) as impressions,
    cast(owned_rows.clicks as bigint) as clicks,
    cast(owned_rows.link_clicks as bigint) as link_clicks,
    cast(owned_rows.reach as bigint) as reach,
    cast(owned_rows.fb_leads as bigint) as fb_leads,
    cast(owned_rows.video_plays as bigint) as video_plays,
    cast(owned_rows.video_p100 as bigint) as video_p100,
    owned_rows.fx_missing
from owned_rows
inner join teams on owned_rows.team_key = teams.team_key
