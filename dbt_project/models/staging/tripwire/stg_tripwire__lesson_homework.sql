with lesson_homework as (
    select *
    from {{ source('raw', 'tripwire__lesson_homework') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as homework_id,
        cast(user_id as text) as user_id,
        {{ try_bigint('lesson_id') }} as lesson_id,
        cast(status as text) as status,
        {{ utc('submitted_at') }} as submitted_at,
        {{ utc('updated_at') }} as updated_at
    from lesson_homework
)

select * from typed
