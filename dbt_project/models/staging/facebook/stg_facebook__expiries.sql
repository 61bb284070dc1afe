with expiries as (
    select *
    from {{ source('raw', 'facebook__expiries') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(kind as text) as kind,
        cast(subject as text) as subject,
        {{ utc('expires_at') }} as expires_at
    from expiries
)

select * from flattened
