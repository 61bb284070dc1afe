with gaps as (
    select *
    from {{ source('raw', 'facebook__gaps') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ source_day('stat_date') }} as stat_date,
        cast(level as text) as level,
        cast(object_id as text) as object_id,
        cast(field as text) as field,
        {{ json_text('payload', 'reason') }} as reason
    from gaps
)

select * from flattened
