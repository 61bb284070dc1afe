with

bindings as (
    select * from {{ ref('stg_traffic__ad_account_bindings') }}
),

integration_accounts as (
    select * from {{ ref('stg_landing__integration_ad_accounts') }}
),

landing_teams as (
    select * from {{ ref('stg_landing__traffic_teams') }}
),

traffic_teams as (
    select * from {{ ref('stg_traffic__traffic_teams') }}
),

settings as (
    select * from {{ ref('int_teams__settings_merged') }}
),

landing_campaigns as (
    select * from {{ ref('stg_landing__settings_tracked_campaigns') }}
),

traffic_campaigns as (
    select * from {{ ref('stg_traffic__settings_tracked_campaigns') }}
),

binding_facts as (
    select
        'account_binding' as fact_type,
        {{ account_id('ad_account_id') }} as fact_key,
        '' as owner_user_id,
        {{ team_key('team_name') }} as owner_team_key
    from bindings
    where
        coalesce(is_active, true)
        and coalesce(nullif(lower(trim(ad_platform)), ''), 'facebook') = 'facebook'
),

integration_facts as (
    select
        'integration_account' as fact_type,
        {{ account_id('ad_account_id') }} as fact_key,
        '' as owner_user_id,
        {{ team_key('team_name') }} as owner_team_key
    from integration_accounts
),

both_teams as (
    select team_name, fb_ad_account_id, updated_at, 2 as database_rank
    from landing_teams
    union all
    select team_name, fb_ad_account_id, updated_at, 1 as database_rank
    from traffic_teams
),

ranked_teams as (
    select
        {{ team_key('team_name') }} as team_key,
        fb_ad_account_id,
        row_number() over (
            partition by {{ team_key('team_name') }}
            order by updated_at desc nulls last, database_rank
        ) as version_rank
    from both_teams
),

team_account_facts as (
    select
        'team_account' as fact_type,
        {{ account_id('fb_ad_account_id') }} as fact_key,
        '' as owner_user_id,
        team_key as owner_team_key
    from ranked_teams
    where version_rank = 1 and fb_ad_account_id <> ''
),

tracked_campaigns as (
    select source_db, user_id, campaign_id, is_enabled from landing_campaigns
    union all
    select source_db, user_id, campaign_id, is_enabled from traffic_campaigns
),

tracked_campaign_facts as (
    select
        'tracked_campaign' as fact_type,
        tracked_campaigns.campaign_id as fact_key,
        settings.owner_user_id,
        settings.owner_team_key
    from tracked_campaigns
    inner join settings
        on tracked_campaigns.user_id = settings.settings_key
        and tracked_campaigns.source_db = settings.source_db
    where coalesce(tracked_campaigns.is_enabled, true)
),

facts as (
    select * from binding_facts
    union all
    select * from integration_facts
    union all
    select * from team_account_facts
    union all
    select * from tracked_campaign_facts
)

select distinct fact_type, fact_key, owner_user_id, owner_team_key
from facts
where fact_key is not null and owner_user_id || owner_team_key <> ''
