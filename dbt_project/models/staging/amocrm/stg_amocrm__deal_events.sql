{%- set first_values = [
    ('status', ['lead_status', 'id'], 'bigint'),
    ('pipeline', ['lead_status', 'pipeline_id'], 'bigint'),
    ('responsible_user', ['responsible_user', 'id'], 'bigint'),
    ('text', ['custom_field_value', 'text'], 'text'),
] -%}

with events as (
    select *
    from {{ source('raw', 'amocrm__events') }}
    where
        _deleted_at is null
        and (
            {{ json_text('payload', 'entity_type') }} in ('lead', 'leads')
            or {{ json_text('payload', 'type') }} in (
                'lead_added',
                'lead_deleted',
                'lead_restored',
                'lead_status_changed',
                'sale_field_changed'
            )
        )
),

-- Id 0 is nobody: a robot, or an integration that leaves its own id.
flattened as (
    select
        cast(id as text) as event_id,
        {{ try_bigint(json_text('payload', 'entity_id')) }} as deal_id,
        {{ json_text('payload', 'type') }} as event_type,
        {{ try_bigint(caught(
            json_text('payload', 'type'), '^custom_field_([0-9]+)_value_changed$'
        )) }} as field_id,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as happened_at,
        case
            when {{ json_text('payload', 'client_uuid') }} is not null
                then 'integration'
            when {{ try_bigint(json_text('payload', 'created_by')) }} = 0 then 'robot'
            when {{ try_bigint(json_text('payload', 'created_by')) }} > 0 then 'user'
        end as author_kind,
        nullif({{ try_bigint(json_text('payload', 'created_by')) }}, 0)
            as author_user_id,
        {%- for side in ['before', 'after'] %}
        {%- for name, path, data_type in first_values %}
        {%- set value = json_text('payload', ['value_' ~ side, '0'] + path) %}
        {{ try_bigint(value) if data_type == 'bigint' else value }}
            as {{ name }}_{{ side }},
        {%- endfor %}
        coalesce(
            {%- for name in ['sale_with_minor_units', 'sale'] %}
            {{ money(json_text(
                'payload', ['value_' ~ side, '0', 'sale_field_value', name]
            )) }}{{ "," if not loop.last }}
            {%- endfor %}
        ) as price_{{ side }}{{ "," if not loop.last }}
        {%- endfor %}
    from events
)

select * from flattened
