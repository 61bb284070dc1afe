with lead_tracking as (
    select *
    from {{ source('raw', 'landing__lead_tracking') }}
    where _deleted_at is null
),

typed as (
    select
        'landing' as source_db,
        {{ row_key([
            'client_id', 'event_name', 'created_at'
        ]) }} as row_id,
        cast(client_id as text) as client_id,
        cast(event_name as text) as event_name,
        {{ utc('created_at') }} as created_at
    from lead_tracking
)

select * from typed
