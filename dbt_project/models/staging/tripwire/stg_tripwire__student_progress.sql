with student_progress as (
    select *
    from {{ source('raw', 'tripwire__student_progress') }}
    where _deleted_at is null
),

typed as (
    select
        cast(user_id as text) as user_id,
        {{ try_bigint('module_id') }} as module_id,
        {{ try_bigint('lesson_id') }} as lesson_id,
        cast(status as text) as status,
        {{ utc('started_at') }} as started_at,
        {{ utc('completed_at') }} as completed_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from student_progress
)

select * from typed
