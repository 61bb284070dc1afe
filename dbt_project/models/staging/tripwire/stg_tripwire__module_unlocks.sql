with module_unlocks as (
    select *
    from {{ source('raw', 'tripwire__module_unlocks') }}
    where _deleted_at is null
),

typed as (
    select
        cast(user_id as text) as user_id,
        {{ try_bigint('module_id') }} as module_id,
        {{ utc('unlocked_at') }} as unlocked_at
    from module_unlocks
)

select * from typed
