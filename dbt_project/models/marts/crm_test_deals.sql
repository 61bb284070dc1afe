with

tests as (
    select * from {{ ref('int_sales__tests') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

amocrm_deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

statuses as (
    select * from {{ ref('dim_deal_statuses') }}
),

newest_names as (
    select
        statuses.*,
        row_number() over (
            partition by pipeline_id, status_id order by valid_from desc
        ) as recency
    from statuses
),

-- A stage that is in no dictionary still has its pipeline's name.
pipeline_names as (
    select
        pipeline_id,
        pipeline_name,
        row_number() over (
            partition by pipeline_id order by valid_from desc, status_id
        ) as recency
    from statuses
)

select
    tests.deal_id,
    case
        {%- for reason in [
            'known_id', 'fake_id', 'pipeline', 'name', 'contact_name', 'utm'
        ] %}
        when {{ contains("', ' || tests.why || ', '", "', " ~ reason ~ ", '") }}
            then '{{ reason }}'
        {%- endfor %}
        else 'table_row'
    end as reason,
    tests.why,
    coalesce(deals.is_in_amocrm, false) as is_in_amocrm,
    coalesce(deals.is_in_tables, false) as is_in_tables,
    deals.pipeline_id,
    pipeline_names.pipeline_name,
    deals.status_id,
    newest_names.status_name,
    cast(coalesce(deals.price, deals.table_amount) as numeric(18, 2)) as price_kzt,
    amocrm_deals.created_at,
    amocrm_deals.updated_at
from tests
left join deals on tests.deal_id = deals.deal_id
left join amocrm_deals on tests.deal_id = amocrm_deals.deal_id
left join newest_names
    on
        deals.pipeline_id = newest_names.pipeline_id
        and deals.status_id = newest_names.status_id
        and newest_names.recency = 1
left join pipeline_names
    on
        deals.pipeline_id = pipeline_names.pipeline_id
        and pipeline_names.recency = 1
