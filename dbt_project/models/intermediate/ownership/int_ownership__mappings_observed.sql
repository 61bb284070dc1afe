with

utm_map as (
    select * from {{ ref('stg_traffic__user_utm_sources') }}
),

map_campaigns as (
    select * from {{ ref('stg_traffic__user_utm_campaigns') }}
),

users as (
    select * from {{ ref('int_teams__users_merged') }}
),

settings as (
    select * from {{ ref('int_teams__settings_merged') }}
),

normalised_map as (
    select
        user_id,
        {{ utm_norm('utm_source') }} as utm_source,
        {{ utm_norm('utm_medium') }} as utm_medium,
        lower(trim(funnel_type)) as funnel_type
    from utm_map
    where coalesce(is_active, true)
),

map_facts as (
    select
        'utm_map' as fact_type,
        {{ ownership_key(['utm_source', 'utm_medium', 'funnel_type']) }} as fact_key,
        user_id as owner_user_id,
        '' as owner_team_key
    from normalised_map
    where utm_source is not null
),

map_campaign_facts as (
    select
        'map_campaign' as fact_type,
        campaign_id as fact_key,
        user_id as owner_user_id,
        '' as owner_team_key
    from map_campaigns
    where coalesce(is_active, true)
),

user_source_facts as (
    select
        'user_utm_source' as fact_type,
        {{ utm_norm('utm_source') }} as fact_key,
        user_id as owner_user_id,
        '' as owner_team_key
    from users
),

assigned_source_facts as (
    select
        'user_utm_source' as fact_type,
        {{ utm_norm('assigned_utm_source') }} as fact_key,
        owner_user_id,
        owner_team_key
    from settings
),

-- Everybody has the default medium: one that two users hold identifies nobody.
settings_media as (
    select
        owner_user_id,
        owner_team_key,
        {{ utm_norm('utm_medium') }} as utm_medium,
        tracking_by,
        count(*) over (partition by {{ utm_norm('utm_medium') }}) as holders
    from settings
),

user_medium_facts as (
    select
        'user_utm_medium' as fact_type,
        utm_medium as fact_key,
        owner_user_id,
        owner_team_key
    from settings_media
    where tracking_by = 'utm_medium' and holders = 1
),

facts as (
    select * from map_facts
    union all
    select * from map_campaign_facts
    union all
    select * from user_source_facts
    union all
    select * from assigned_source_facts
    union all
    select * from user_medium_facts
)

select distinct fact_type, fact_key, owner_user_id, owner_team_key
from facts
where fact_key is not null and owner_user_id || owner_team_key <> ''
