with sales_activity_log as (
    select *
    from {{ source('raw', 'traffic__sales_activity_log') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        {{ row_key([
            'sale_id', 'action_type', 'team_name', 'user_id', 'created_at'
        ]) }} as row_id,
        cast(sale_id as text) as sale_id,
        cast(action_type as text) as action_type,
        cast(team_name as text) as team_name,
        cast(user_id as text) as user_id,
        {{ utc('created_at') }} as created_at
    from sales_activity_log
)

select * from typed
