{#- Four small lists of one shape: a view each would cost more than it says. -#}
{%- set lists = [
    ('loss_reason', 'loss_reasons', "'leads'"),
    ('tag', 'tags', 'cast(entity_type as text)'),
    ('source', 'sources', "'leads'"),
    ('catalog', 'catalogs', "'catalogs'"),
] -%}

with
{%- for kind, table, entity in lists %}

{{ table }} as (
    select *
    from {{ source('raw', 'amocrm__' ~ table) }}
    where _deleted_at is null
),
{%- endfor %}

items as (
    {%- for kind, table, entity in lists %}
    select
        '{{ kind }}' as kind,
        {{ entity }} as entity_type,
        id as item_id,
        {{ json_text('payload', 'name') }} as item_name,
        {{ json_text('payload', 'type') }} as item_type
    from {{ table }}
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
)

select * from items
