with

issues as (
    select * from {{ ref('int_ad_utms__issues') }}
),

spend as (
    select * from {{ ref('int_ad_utms__spend') }}
),

ads as (
    select * from {{ ref('int_ad_utms__ads') }}
    where is_current
),

teams as (
    select * from {{ ref('int_teams__known') }}
)

select
    issues.ad_id,
    issues.issue,
    ads.ad_name,
    spend.ad_account_id,
    spend.campaign_id,
    spend.campaign_name,
    ads.ad_set_id,
    issues.creative_id,
    spend.team_id,
    spend.team_name,
    spend.user_id,
    spend.spend_usd,
    spend.spend_kzt,
    spend.last_spend_date,
    issues.place,
    issues.utm_source,
    issues.suggestion,
    teams.team_name as source_team_name
from issues
inner join spend on issues.ad_id = spend.ad_id
inner join ads on issues.ad_id = ads.ad_id
left join teams on issues.source_team_key = teams.team_key
