with

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

facts as (
    select * from {{ ref('int_ownership__facts') }}
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
),

generic_sources as (
    select distinct value as utm_source
    from classified_sources
    where channel = 'generic'
),

team_patterns as (
    select
        {{ tokens("'fb ' || team_name") }} as wanted_tokens,
        cast(null as text) as user_id,
        team_key,
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
    from teams
    where team_key <> 'unattributed' and trim({{ tokens('team_name') }}) <> ''
),

source_patterns as (
    select
        {{ tokens('facts.utm_source') }} as wanted_tokens,
        facts.user_id,
        facts.team_key,
        facts.valid_from,
        facts.valid_to
    from facts
    left join generic_sources on facts.utm_source = generic_sources.utm_source
    where
        facts.fact_type = 'utm_map'
        and facts.team_key is not null
        and generic_sources.utm_source is null
        and trim({{ tokens('facts.utm_source') }}) <> ''
),

patterns as (
    select * from team_patterns
    union all
    select * from source_patterns
),

name_owners as (
    select distinct
        campaigns.campaign_id,
        patterns.user_id,
        patterns.team_key,
        patterns.valid_from,
        patterns.valid_to
    from campaigns
    inner join patterns
        on {{ contains('campaigns.name_tokens', 'patterns.wanted_tokens') }}
)

select * from name_owners
