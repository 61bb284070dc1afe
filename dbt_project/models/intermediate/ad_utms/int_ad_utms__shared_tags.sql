with

lookups as (
    select * from {{ ref('int_ad_utms__lookups') }}
),

facts as (
    select * from {{ ref('int_ownership__facts') }}
    where user_id is not null
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

held_tags as (
    select
        fact_type, utm_source, coalesce(utm_medium, '') as utm_medium, user_id,
        valid_from, valid_to
    from facts
    where fact_type = 'utm_map'
    union all
    select
        fact_type, fact_key as utm_source, '' as utm_medium, user_id, valid_from,
        valid_to
    from facts
    where fact_type = 'user_utm_source'
),

-- Two buyers hold one tag: in the map, or as their own where the map does not decide.
held_by_two as (
    select
        lookups.lookup_id,
        held_tags.fact_type,
        held_tags.utm_medium
    from lookups
    inner join held_tags
        on
            lookups.utm_source = held_tags.utm_source
            and held_tags.utm_medium in ('', lookups.utm_medium)
            and lookups.event_date >= held_tags.valid_from
            and lookups.event_date < held_tags.valid_to
    left join utm_teams on lookups.lookup_id = utm_teams.lookup_id
    where held_tags.fact_type = 'utm_map' or utm_teams.lookup_id is null
    group by lookups.lookup_id, held_tags.fact_type, held_tags.utm_medium
    having count(distinct held_tags.user_id) > 1
),

shared as (
    select lookup_id from held_by_two
    union distinct
    select lookup_id from utm_teams
    where is_ambiguous
)

select distinct lookups.lookup_id
from lookups
inner join shared on lookups.lookup_id = shared.lookup_id
