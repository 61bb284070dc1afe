with user_achievements as (
    select *
    from {{ source('raw', 'tripwire__user_achievements') }}
    where _deleted_at is null
),

typed as (
    select
        {{ row_key([
            'user_id', 'achievement_id', 'unlocked_at'
        ]) }} as row_id,
        cast(user_id as text) as user_id,
        cast(achievement_id as text) as achievement_id,
        {{ utc('unlocked_at') }} as unlocked_at
    from user_achievements
)

select * from typed
