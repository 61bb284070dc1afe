with landing_leads as (
    select *
    from {{ source('raw', 'landing__landing_leads') }}
    where _deleted_at is not null
),

typed as (
    select
        cast(id as text) as lead_id,
        _deleted_at as deleted_at
    from landing_leads
)

select * from typed
