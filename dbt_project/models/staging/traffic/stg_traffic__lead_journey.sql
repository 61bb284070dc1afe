with traffic_lead_journey as (
    select *
    from {{ source('raw', 'traffic__traffic_lead_journey') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        cast(id as text) as event_id,
        cast(lead_id as text) as lead_id,
        cast(source as text) as event_source,
        {{ utc('created_at') }} as created_at,
        coalesce(cast(stage as text), cast(stage_name as text)) as stage,
        {{ try_numeric(json_text(json_value('metadata'), 'sale_amount')) }}
            as sale_amount
    from traffic_lead_journey
)

select * from typed
