with

candidates as (
    select * from {{ ref('int_utm__team_candidates') }}
),

levels as (
    select
        lookup_id,
        match_level,
        count(distinct team_key) as team_count,
        min(team_key) as team_key,
        count(distinct user_id) as user_count,
        min(user_id) as user_id,
        row_number() over (partition by lookup_id order by match_level) as level_rank
    from candidates
    group by lookup_id, match_level
),

-- The most specific level that says anything ends the look-up, even by saying two.
decided as (
    select
        lookup_id,
        match_level,
        team_count > 1 as is_ambiguous,
        case when team_count = 1 then team_key end as team_key,
        case when team_count = 1 and user_count = 1 then user_id end as user_id,
        case when match_level <= 4 then 'high' else 'medium' end as confidence
    from levels
    where level_rank = 1
)

select * from decided
