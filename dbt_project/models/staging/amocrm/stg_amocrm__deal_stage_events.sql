with events as (
    select *
    from {{ source('raw', 'amocrm__events') }}
    where
        _deleted_at is null
        and {{ json_text('payload', 'type') }} = 'lead_status_changed'
),

flattened as (
    select
        cast(id as text) as event_id,
        {{ try_bigint(json_text('payload', 'entity_id')) }} as deal_id,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as happened_at,
        {%- for side in ['before', 'after'] %}
        {%- for field, name in [('pipeline_id', 'pipeline'), ('id', 'status')] %}
        {{ try_bigint(
            json_text('payload', ['value_' ~ side, '0', 'lead_status', field])
        ) }} as {{ name }}_{{ side }}{{ "," if not (loop.last and side == 'after') }}
        {%- endfor %}
        {%- endfor %}
    from events
)

select * from flattened
