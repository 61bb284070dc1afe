{% set raw_columns %}
        set_id,
        raw_source,
        raw_medium,
        raw_campaign,
        raw_content,
        raw_term,
        raw_id,
        is_fallback
{% endset %}

with

lead_sets as (
    select * from {{ ref('int_leads__raw_utm_sets') }}
),

sale_sets as (
    select * from {{ ref('int_sales__raw_utm_sets') }}
),

distinct_sets as (
    select {{ raw_columns }} from lead_sets
    union distinct
    select {{ raw_columns }} from sale_sets
)

select * from distinct_sets
