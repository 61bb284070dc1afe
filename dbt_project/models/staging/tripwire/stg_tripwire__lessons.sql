with lessons as (
    select *
    from {{ source('raw', 'tripwire__lessons') }}
    where _deleted_at is null
),

typed as (
    select
        {{ whole_number('id') }} as lesson_id,
        {{ try_bigint('module_id') }} as module_id,
        cast(title as text) as title,
        {{ whole_number('order_index') }} as order_index,
        {{ utc('created_at') }} as created_at
    from lessons
)

select * from typed
