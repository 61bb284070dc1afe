with expiries as (
    select *
    from {{ source('raw', 'facebook__expiries') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(kind as text) as kind,
        cast(subject as text) as subject,
        {{ utc('expires_at') }} as expires_at,
        {{ json_text('payload', 'note') }} as note,
        {{ json_text('payload', 'reason') }} as reason
    from expiries
)

select * from flattened
