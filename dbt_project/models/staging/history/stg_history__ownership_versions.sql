with ownership_versions as (
    select * from {{ source('history', 'ownership_versions') }}
),

read as (
    select
        fact_type,
        fact_key,
        owner_user_id,
        owner_team_key,
        valid_from,
        valid_to,
        known_at
    from ownership_versions
)

select * from read
