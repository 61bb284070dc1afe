with activities as (
    select
        *,
        {{ json_value(json_at('payload', 'extra_data')) }} as details
    from {{ source('raw', 'facebook__activities') }}
    where _deleted_at is null
),

-- A change is two plain values, or two objects that hold one each.
flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        cast(activity_id as text) as activity_id,
        {{ utc('event_at') }} as event_at,
        {{ json_text('payload', 'event_type') }} as event_type,
        {{ json_text('payload', 'translated_event_type') }} as event_words,
        {{ json_text('payload', 'object_id') }} as object_id,
        {{ json_text('payload', 'object_name') }} as object_name,
        {{ json_text('payload', 'object_type') }} as object_type,
        {% for side in ['old_value', 'new_value'] -%}
        coalesce(
            {{ json_scalar(json_at('details', side)) }},
            {{ json_scalar(json_at('details', [side, side])) }},
            {{ json_scalar(json_at('details', [side, 'value'])) }},
            {{ json_scalar(json_at('details', [side, 'old_value'])) }},
            {{ json_scalar(json_at('details', ['run_status', side])) }}
        ) as {{ side }},
        {% endfor -%}
        coalesce(
            {{ json_text('details', 'currency') }},
            {{ json_text('details', ['new_value', 'currency']) }},
            {{ json_text('details', ['old_value', 'currency']) }}
        ) as currency
    from activities
)

select * from flattened
