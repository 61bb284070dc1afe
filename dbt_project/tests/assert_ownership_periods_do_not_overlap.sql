-- One owner held one key twice at a time, so a join by day counted its campaigns twice.
with

versions as (
    select * from {{ ref('ownership_versions') }}
),

following as (
    select
        *,
        lead(valid_from) over (
            partition by fact_type, fact_key, owner_user_id, owner_team_key
            order by valid_from
        ) as next_from
    from versions
),

broken as (
    select * from following
    where valid_to <= valid_from or next_from < valid_to
)

select * from broken
