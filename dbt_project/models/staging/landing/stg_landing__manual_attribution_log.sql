with manual_attribution_log as (
    select *
    from {{ source('raw', 'landing__manual_attribution_log') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as entry_id,
        cast(admin_user_id as text) as admin_user_id,
        {{ source_day('stat_date') }} as stat_date,
        cast(campaign_id as text) as campaign_id,
        cast(old_team as text) as old_team,
        cast(new_team as text) as new_team,
        cast(reason as text) as reason,
        {{ utc('created_at') }} as created_at
    from manual_attribution_log
)

select * from typed
