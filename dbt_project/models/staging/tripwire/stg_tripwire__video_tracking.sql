with video_tracking as (
    select *
    from {{ source('raw', 'tripwire__video_tracking') }}
    where _deleted_at is null
),

typed as (
    select
        {{ row_key([
            'user_id', 'lesson_id', 'watch_percentage',
            'total_watched_seconds', 'video_duration_seconds',
            'is_qualified_for_completion', 'updated_at'
        ]) }} as row_id,
        cast(user_id as text) as user_id,
        {{ try_bigint('lesson_id') }} as lesson_id,
        {{ whole_number('watch_percentage') }} as watch_percentage,
        {{ whole_number('total_watched_seconds') }} as total_watched_seconds,
        {{ whole_number('video_duration_seconds') }} as video_duration_seconds,
        {{ try_boolean('is_qualified_for_completion') }} as is_qualified_for_completion,
        {{ utc('updated_at') }} as updated_at
    from video_tracking
)

select * from typed
