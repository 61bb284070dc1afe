with lead_tracking as (
    select *
    from {{ source('raw', 'traffic__lead_tracking') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        {{ row_key([
            'lead_id', 'utm_source', 'utm_medium', 'utm_campaign',
            'utm_content', 'utm_term', 'team_name', 'attributed_at',
            'created_at', 'updated_at'
        ]) }} as row_id,
        cast(lead_id as text) as lead_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(utm_content as text) as utm_content,
        cast(utm_term as text) as utm_term,
        cast(team_name as text) as team_name,
        {{ utc('attributed_at') }} as attributed_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from lead_tracking
)

select * from typed
