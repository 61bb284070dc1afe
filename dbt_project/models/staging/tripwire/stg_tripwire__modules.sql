with modules as (
    select *
    from {{ source('raw', 'tripwire__modules') }}
    where _deleted_at is null
),

typed as (
    select
        {{ whole_number('id') }} as module_id,
        {{ try_bigint('course_id') }} as course_id,
        cast(title as text) as title,
        {{ whole_number('order_index') }} as order_index,
        {{ utc('created_at') }} as created_at
    from modules
)

select * from typed
