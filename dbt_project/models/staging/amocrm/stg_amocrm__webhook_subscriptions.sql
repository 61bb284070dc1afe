with webhooks as (
    select *
    from {{ source('raw', 'amocrm__webhooks') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(id as text) as subscription_id,
        coalesce({{ try_boolean(json_text('payload', 'is_ours')) }}, false) as is_ours,
        coalesce(
            {{ try_boolean(json_text('payload', 'disabled')) }}, false
        ) as is_disabled,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as created_at,
        {%- for entity in ['lead', 'contact', 'company', 'task'] %}
        coalesce(
            {{ matches(json_text('payload', 'settings'), '_' ~ entity ~ '"') }}, false
        ) as rings_for_{{ entity }}{{ ',' if not loop.last }}
        {%- endfor %}
    from webhooks
)

select * from flattened
