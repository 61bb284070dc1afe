with

facts as (
    select * from {{ ref('int_ownership__facts') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
    where team_key <> 'unattributed'
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
),

-- Every source that names a team: the map's, the users' own and the convention's.
named as (
    select utm_source, valid_from, valid_to
    from facts
    where fact_type = 'utm_map'
    union all
    select fact_key as utm_source, valid_from, valid_to
    from facts
    where fact_type = 'user_utm_source'
    union all
    select
        'fb_' || team_key as utm_source,
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
    from teams
),

mapped as (
    select distinct
        named.utm_source,
        named.valid_from,
        named.valid_to
    from named
    left join classified_sources on named.utm_source = classified_sources.value
    where named.utm_source is not null and classified_sources.value is null
)

select * from mapped
