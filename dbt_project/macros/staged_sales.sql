{#-
    The one shape of the eight sales tables (four of each database). Their columns
    drift: names of both variants are declared for all, absent ones arrive as NULL.
-#}
{% macro staged_sales(system, table, product) -%}
with {{ table }} as (
    select *
    from {{ source('raw', system ~ '__' ~ table) }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as row_id,
        '{{ system }}' as source_db,
        '{{ table }}' as source_table,
        '{{ product }}' as table_product,
        coalesce(
            {{ try_bigint('deal_id') }}, {{ try_bigint('amocrm_lead_id') }}
        ) as deal_id,
        {{ try_bigint('pipeline_id') }} as pipeline_id,
        {{ try_bigint('status_id') }} as status_id,
        coalesce(
            {{ money('amount') }}, {{ money('sale_amount') }}
        ) as amount,
        {%- for prefix in ['utm', 'original_utm'] %}
        {%- for field in ['source', 'medium', 'campaign', 'content', 'term'] %}
        cast({{ prefix }}_{{ field }} as text) as {{ prefix }}_{{ field }},
        {%- endfor %}
        {%- endfor %}
        cast(attribution_source as text) as attribution_source,
        {{ try_boolean('prepaid') }} as is_prepaid,
        cast(sale_type as text) as sale_type,
        {{ try_bigint('prepayment_deal_id') }} as prepayment_deal_id,
        {{ try_bigint('related_deal_id') }} as related_deal_id,
        {{ listed(['phone', 'lead_phone']) }} as phone_raw,
        {{ listed(['email', 'lead_email']) }} as email_raw,
        {{ first_filled(['customer_name', 'lead_name']) }} as customer_name,
        nullif(trim(cast(lead_name as text)), '') as lead_name,
        coalesce(
            {{ try_bigint('contact_id') }},
            {{ try_bigint('customer_id') }},
            {{ try_bigint('amocrm_contact_id') }}
        ) as contact_id,
        coalesce(
            {{ try_boolean(json_text(json_value('metadata'), 'testRun')) }}, false
        ) as is_test_run,
        {{ utc('sale_date') }} as sale_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from {{ table }}
)

select * from typed
{%- endmacro %}

{#- Several text columns as one list: whoever splits lists finds every value. -#}
{% macro listed(columns) -%}
    nullif(concat_ws(
        ', ',
        {%- for column in columns -%}
        nullif(trim(cast({{ column }} as text)), ''){{ ", " if not loop.last }}
        {%- endfor -%}
    ), '')
{%- endmacro %}

{#- The first of several text columns that is not blank. -#}
{% macro first_filled(columns) -%}
    coalesce(
        {%- for column in columns -%}
        nullif(trim(cast({{ column }} as text)), ''){{ ", " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
