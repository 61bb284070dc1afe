{#-
    The one shape of leads. UTM stands in columns and in three shapes of metadata;
    each is kept apart, because a lead's UTM is taken as a set.
-#}
{% macro staged_leads(system, table) -%}
{%- set is_traffic = system == 'traffic' -%}
{%- set fields = ['source', 'medium', 'campaign', 'content', 'term'] -%}
with {{ table }} as (
    select
        *,
        {{ json_value('metadata') }} as details
    from {{ source('raw', system ~ '__' ~ table) }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as lead_id,
        '{{ system }}' as source_db,
        {%- if is_traffic %}
        case
            when {{ matches('lower(cast(email as text))', '@unknown[.]') }} then null
            else nullif(trim(cast(email as text)), '')
        end as email_raw,
        nullif(trim(cast(phone as text)), '') as phone_raw,
        nullif(nullif(trim(cast(name as text)), ''), 'Unknown') as lead_name,
        {%- else %}
        nullif(trim(cast(email as text)), '') as email_raw,
        nullif(trim(cast(phone as text)), '') as phone_raw,
        nullif(trim(cast(name as text)), '') as lead_name,
        {%- endif %}
        cast(source as text) as lead_source,
        {{ try_bigint('amocrm_lead_id') }} as deal_id,
        {{ try_bigint('amocrm_contact_id') }} as amocrm_contact_id,
        {%- for field in fields %}
        {{ json_text('details', ['utmParams', 'utm_' ~ field]) }}
            as meta_a_utm_{{ field }},
        {%- endfor %}
        {{ json_text('details', ['utmParams', 'utm_id']) }} as meta_a_utm_id,
        {%- for field in fields %}
        {{ json_text('details', 'utm_' ~ field) }} as meta_b_utm_{{ field }},
        {%- endfor %}
        {{ json_text('details', 'utm_id') }} as meta_b_utm_id,
        {%- for field in fields %}
        {{ json_text('details', 'utm' ~ field | capitalize) }}
            as meta_c_utm_{{ field }},
        {%- endfor %}
        {{ json_text('details', 'utmId') }} as meta_c_utm_id,
        {{ json_text('details', ['original_utm', 'source']) }}
            as meta_original_utm_source,
        {{ json_text('details', ['original_utm', 'campaign']) }}
            as meta_original_utm_campaign,
        {{ json_text('details', 'funnel_type') }} as meta_funnel_type,
        {%- for field in ['lead', 'form', 'ad', 'adset', 'campaign'] %}
        {%- set name = 'fb_' ~ field ~ '_id' %}
        {%- if is_traffic %}
        coalesce(
            nullif(trim(cast({{ name }} as text)), ''),
            {{ json_text('details', name) }}
        ) as {{ name }},
        {%- else %}
        {{ json_text('details', name) }} as {{ name }},
        {%- endif %}
        {%- endfor %}
        {%- if is_traffic %}
        coalesce(
            {{ try_bigint('amocrm_pipeline_id') }},
            {{ try_bigint(json_text('details', 'pipeline_id')) }}
        ) as meta_pipeline_id,
        {%- else %}
        {{ try_bigint(json_text('details', 'pipeline_id')) }} as meta_pipeline_id,
        {%- endif %}
        coalesce(
            {{ try_boolean(json_text('details', 'testRun')) }}, false
        ) as is_test_run,
        {%- for field in fields %}
        cast(utm_{{ field }} as text) as utm_{{ field }},
        {%- endfor %}
        {%- if is_traffic %}
        cast(funnel_type as text) as funnel_type,
        cast(landing_lead_id as text) as landing_lead_id,
        coalesce({{ utc('lead_date') }}, {{ utc('created_at') }}) as lead_at,
        {%- else %}
        cast(null as text) as funnel_type,
        cast(null as text) as landing_lead_id,
        {{ utc('created_at') }} as lead_at,
        {%- endif %}
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from {{ table }}
)

select * from typed
{%- endmacro %}
