with tripwire_progress as (
    select *
    from {{ source('raw', 'tripwire__tripwire_progress') }}
    where _deleted_at is null
),

typed as (
    select
        cast(tripwire_user_id as text) as student_id,
        {{ try_bigint('lesson_id') }} as lesson_id,
        {{ try_bigint('module_id') }} as module_id,
        {{ try_boolean('is_completed') }} as is_completed,
        {{ try_numeric('completion_percentage') }} as completion_percentage,
        {{ try_numeric('video_progress_percent') }} as video_progress_percent,
        {{ whole_number('last_position_seconds') }} as last_position_seconds,
        {{ whole_number('watch_time_seconds') }} as watch_time_seconds,
        {{ utc('completed_at') }} as completed_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from tripwire_progress
)

select * from typed
