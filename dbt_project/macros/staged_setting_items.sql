{#-
    Ad accounts or tracked campaigns of users' settings. An item is an object or a
    plain id, `enabled` missing means true, and the whole list may be a JSON string.
-#}
{% macro staged_setting_items(system, items) -%}
{%- set column, id = {
    'accounts': ('fb_ad_accounts', 'account_id'),
    'campaigns': ('tracked_campaigns', 'campaign_id'),
}[items] -%}
{%- set key = account_id('item_id') if items == 'accounts' else 'item_id' -%}
with traffic_targetologist_settings as (
    select *
    from {{ source('raw', system ~ '__traffic_targetologist_settings') }}
    where _deleted_at is null
),

items as (
    select
        cast(settings.user_id as text) as user_id,
        coalesce(
            {{ json_text('items.item', 'id') }},
            {{ json_text('items.item', id) }},
            {{ json_scalar('items.item') }}
        ) as item_id,
        {{ json_text('items.item', 'ad_account_id') }} as ad_account_id,
        coalesce(
            {{ try_boolean(json_text('items.item', 'enabled')) }}, true
        ) as is_enabled,
        {{ utc('settings.updated_at') }} as updated_at
    from traffic_targetologist_settings as settings
    cross join lateral
        {{ json_elements(json_value('settings.' ~ column)) }} as items (item, place)
),

grouped as (
    select
        '{{ system }}' as source_db,
        user_id,
        {%- if items == 'accounts' %}
        {{ key }} as account_id,
        {%- else %}
        {{ key }} as campaign_id,
        max({{ account_id('ad_account_id') }}) as ad_account_id,
        {%- endif %}
        {{ any_of('is_enabled') }} as is_enabled,
        max(updated_at) as updated_at
    from items
    where
        user_id is not null
        and {{ key }} is not null
    group by user_id, {{ key }}
)

select * from grouped
{%- endmacro %}
