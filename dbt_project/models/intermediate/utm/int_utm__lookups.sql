{% set lookup_columns %}
        lookup_id,
        utm_source,
        utm_medium,
        funnel,
        event_date
{% endset %}

with

sale_sets as (
    select * from {{ ref('int_attribution__sale_sets') }}
),

lead_sets as (
    select * from {{ ref('int_attribution__lead_sets') }}
),

touches as (
    select * from {{ ref('int_attribution__touches') }}
),

ad_lookups as (
    select * from {{ ref('int_ad_utms__lookups') }}
),

deal_owners as (
    select * from {{ ref('int_deal_history__utm_owners') }}
),

-- Asked once, answered once: no join to the map can multiply a sale.
asked as (
    select {{ lookup_columns }} from sale_sets
    where coalesce(utm_source, utm_medium) is not null
    union distinct
    select {{ lookup_columns }} from lead_sets
    where coalesce(utm_source, utm_medium) is not null
    union distinct
    select {{ lookup_columns }} from touches
    union distinct
    select {{ lookup_columns }} from ad_lookups
    union distinct
    select {{ lookup_columns }} from deal_owners
)

select * from asked
