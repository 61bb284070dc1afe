with user_statistics as (
    select *
    from {{ source('raw', 'tripwire__user_statistics') }}
    where _deleted_at is null
),

typed as (
    select
        {{ row_key([
            'user_id', 'lessons_completed', 'total_time_spent', 'updated_at'
        ]) }} as row_id,
        cast(user_id as text) as user_id,
        {{ whole_number('lessons_completed') }} as lessons_completed,
        {{ whole_number('total_time_spent') }} as total_time_spent,
        {{ utc('updated_at') }} as updated_at
    from user_statistics
)

select * from typed
