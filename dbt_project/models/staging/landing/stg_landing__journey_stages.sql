with journey_stages as (
    select *
    from {{ source('raw', 'landing__journey_stages') }}
    where _deleted_at is null
),

typed as (
    select
        'landing' as source_db,
        cast(id as text) as event_id,
        cast(lead_id as text) as lead_id,
        cast(stage as text) as stage,
        cast(event_type as text) as event_type,
        cast(source as text) as event_source,
        {{ utc('created_at') }} as created_at,
        {{ try_numeric(json_text(json_value('metadata'), 'sale_amount')) }}
            as sale_amount
    from journey_stages
)

select * from typed
