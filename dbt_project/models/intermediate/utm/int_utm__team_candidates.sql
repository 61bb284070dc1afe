with

lookups as (
    select * from {{ ref('int_utm__lookups') }}
),

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

asked as (
    select
        lookups.*,
        coalesce(source_classes.channel, '') = 'generic' as is_source_generic,
        coalesce(medium_classes.channel, '') in ('generic', 'generic_medium')
            as is_medium_generic
    from lookups
    left join classified_sources as source_classes
        on lookups.utm_source = source_classes.value
    left join classified_sources as medium_classes
        on lookups.utm_medium = medium_classes.value
),

map_rows as (
    select
        utm_source,
        nullif(utm_medium, '') as utm_medium,
        funnel_type,
        user_id,
        team_key,
        valid_from,
        valid_to
    from facts
    where fact_type = 'utm_map'
),

-- Levels 1 to 4: the map. A row with a medium matches that medium only; a generic
-- source says something only together with a medium.
map_matches as (
    select
        asked.lookup_id,
        case
            when map_rows.utm_medium is not null and asked.funnel = map_rows.funnel_type
                then 1
            when map_rows.utm_medium is null and asked.funnel = map_rows.funnel_type
                then 2
            when map_rows.utm_medium is not null then 3
            else 4
        end as match_level,
        map_rows.team_key,
        map_rows.user_id
    from asked
    inner join map_rows
        on
            asked.utm_source = map_rows.utm_source
            and asked.event_date >= map_rows.valid_from
            and asked.event_date < map_rows.valid_to
    where
        asked.utm_medium = map_rows.utm_medium
        or (map_rows.utm_medium is null and not asked.is_source_generic)
),

-- Level 5: the convention `fb_<team>`.
convention_matches as (
    select
        asked.lookup_id,
        5 as match_level,
        teams.team_key,
        cast(null as text) as user_id
    from asked
    inner join teams
        on {{ team_key(caught('asked.utm_source', '^fb_(.+)$')) }} = teams.team_key
),

-- Levels 6 and 7: a value that one user alone calls his own.
personal_values as (
    select
        asked.lookup_id,
        6 as match_level,
        asked.utm_source as personal_value,
        'user_utm_source' as fact_type,
        asked.event_date
    from asked
    where asked.utm_source is not null and not asked.is_source_generic
    union all
    select
        asked.lookup_id,
        7 as match_level,
        asked.utm_medium as personal_value,
        'user_utm_medium' as fact_type,
        asked.event_date
    from asked
    where asked.utm_medium is not null and not asked.is_medium_generic
),

owned_values as (
    select
        personal_values.lookup_id,
        personal_values.match_level,
        min(facts.team_key) as team_key,
        min(facts.user_id) as user_id
    from personal_values
    inner join facts
        on
            personal_values.fact_type = facts.fact_type
            and personal_values.personal_value = facts.fact_key
            and personal_values.event_date >= facts.valid_from
            and personal_values.event_date < facts.valid_to
    group by personal_values.lookup_id, personal_values.match_level
    having count(distinct coalesce(facts.user_id, 'team:' || facts.team_key)) = 1
),

candidates as (
    select
        lookup_id,
        match_level,
        team_key,
        user_id
    from map_matches
    union all
    select * from convention_matches
    union all
    select * from owned_values
),

-- An admin's row names no team and so says nothing.
telling as (
    select distinct
        lookup_id,
        match_level,
        team_key,
        nullif(user_id, '') as user_id
    from candidates
    where coalesce(team_key, '') <> ''
),

keyed as (
    select
        {{ surrogate_hash(['lookup_id', 'match_level', 'team_key', 'user_id']) }}
            as candidate_id,
        telling.*
    from telling
)

select * from keyed
