{% set products = ['express_course', 'main_product', 'challenge3d', 'intensive1d'] %}

with

unioned as (
    {% for source_db in ['landing', 'traffic'] %}
    {% set outer_loop = loop %}
    {% for product in products %}
    select
        source_db,
        source_table,
        row_id,
        table_product,
        deal_id,
        pipeline_id,
        status_id,
        amount,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        original_utm_source,
        original_utm_medium,
        original_utm_campaign,
        original_utm_content,
        original_utm_term,
        attribution_source,
        is_prepaid,
        sale_type,
        prepayment_deal_id,
        related_deal_id,
        phone_raw,
        email_raw,
        customer_name,
        lead_name,
        contact_id,
        is_test_run,
        sale_at,
        created_at,
        updated_at
    from {{ ref('stg_' ~ source_db ~ '__' ~ product ~ '_sales') }}
    {% if not (loop.last and outer_loop.last) %}union all{% endif %}
    {% endfor %}
    {% endfor %}
),

-- Copies of one deal: the newest speaks first, Landing before Traffic on a tie.
ranked as (
    select
        unioned.*,
        source_db || ':' || source_table || ':' || row_id as row_key,
        row_number() over (
            partition by deal_id
            order by
                updated_at desc nulls last,
                case source_db when 'landing' then 1 else 2 end,
                source_table,
                row_id
        ) as copy_rank
    from unioned
)

select * from ranked
