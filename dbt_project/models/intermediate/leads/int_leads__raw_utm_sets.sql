{% set shapes = ['a', 'b', 'c'] %}

with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

-- The order of preference: columns, the three shapes of metadata, the original.
sets as (
    select
        lead_key,
        1 as set_order,
        utm_source as raw_source,
        utm_medium as raw_medium,
        utm_campaign as raw_campaign,
        utm_content as raw_content,
        utm_term as raw_term,
        cast(null as text) as raw_id
    from leads
    {% for shape in shapes %}
    union all
    select
        lead_key,
        {{ loop.index + 1 }} as set_order,
        meta_{{ shape }}_utm_source as raw_source,
        meta_{{ shape }}_utm_medium as raw_medium,
        meta_{{ shape }}_utm_campaign as raw_campaign,
        meta_{{ shape }}_utm_content as raw_content,
        meta_{{ shape }}_utm_term as raw_term,
        meta_{{ shape }}_utm_id as raw_id
    from leads
    {% endfor %}
    union all
    select
        lead_key,
        5 as set_order,
        meta_original_utm_source as raw_source,
        cast(null as text) as raw_medium,
        meta_original_utm_campaign as raw_campaign,
        cast(null as text) as raw_content,
        cast(null as text) as raw_term,
        cast(null as text) as raw_id
    from leads
),

filled as (
    select
        sets.*,
        false as is_fallback,
        {{ utm_set_id() }} as set_id
    from sets
    where
        coalesce(
            raw_source, raw_medium, raw_campaign, raw_content, raw_term, raw_id
        ) is not null
)

select * from filled
