{% set lead_columns %}
        source_db,
        lead_id,
        lead_at,
        funnel_type,
        meta_funnel_type,
        lead_source,
        deal_id,
        lead_name,
        is_test_run,
        meta_pipeline_id,
        phone_raw,
        email_raw,
        fb_campaign_id,
        fb_adset_id,
        fb_ad_id,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        {% for shape in ['a', 'b', 'c'] %}
        {% for field in utm_fields() + ['id'] %}
        meta_{{ shape }}_utm_{{ field }},
        {% endfor %}
        {% endfor %}
        meta_original_utm_source,
        meta_original_utm_campaign
{% endset %}

with

landing_leads as (
    select * from {{ ref('stg_landing__leads') }}
),

traffic_leads as (
    select * from {{ ref('stg_traffic__leads_own') }}
),

deleted_landing_leads as (
    select * from {{ ref('stg_landing__deleted_leads') }}
),

-- A copy of a deleted Landing lead is no lead either.
landing_ids as (
    select lead_id from landing_leads
    union distinct
    select lead_id from deleted_landing_leads
),

traffic_originals as (
    select traffic_leads.*
    from traffic_leads
    left join landing_ids on traffic_leads.landing_lead_id = landing_ids.lead_id
    where landing_ids.lead_id is null
),

unioned as (
    select {{ lead_columns }} from landing_leads
    union all
    select {{ lead_columns }} from traffic_originals
),

keyed as (
    select
        unioned.*,
        source_db || ':' || lead_id as lead_key,
        {{ almaty_date('lead_at') }} as lead_date
    from unioned
)

select * from keyed
