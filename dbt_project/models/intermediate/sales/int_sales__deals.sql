with

amocrm_deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

table_deals as (
    select * from {{ ref('int_sales__table_deals') }}
),

raw_sets as (
    select * from {{ ref('int_sales__raw_utm_sets') }}
    where set_role = 'amocrm'
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

amocrm_sets as (
    select
        raw_sets.deal_id,
        raw_sets.set_id,
        not utm_sets.is_empty as is_telling,
        utm_sets.utm_issue is not null as has_issue
    from raw_sets
    inner join utm_sets on raw_sets.set_id = utm_sets.set_id
),

-- AmoCRM speaks first in every group of fields; the tables where it is silent.
merged as (
    select
        coalesce(amocrm_deals.deal_id, table_deals.deal_id) as deal_id,
        amocrm_deals.deal_id is not null as is_in_amocrm,
        table_deals.deal_id is not null as is_in_tables,
        coalesce(amocrm_deals.is_absent, false) as is_absent,
        case
            when amocrm_deals.deal_id is not null then amocrm_deals.status_id
            else table_deals.status_id
        end as status_id,
        case
            when amocrm_deals.deal_id is not null then amocrm_deals.pipeline_id
            else table_deals.pipeline_id
        end as pipeline_id,
        amocrm_deals.price,
        amocrm_deals.closed_at,
        amocrm_deals.created_at as amocrm_created_at,
        amocrm_deals.main_contact_id,
        table_deals.table_product,
        table_deals.amount as table_amount,
        table_deals.sale_at as table_sale_at,
        table_deals.created_at as table_created_at,
        coalesce(table_deals.is_prepaid, false) as is_prepaid,
        table_deals.prepaid_amount,
        table_deals.prepayment_deal_id,
        table_deals.related_deal_id,
        coalesce(
            amocrm_deals.created_at, table_deals.sale_at, table_deals.created_at
        ) as deal_at,
        case
            when amocrm_sets.is_telling then amocrm_sets.set_id
            when amocrm_sets.has_issue and table_sets.is_empty then amocrm_sets.set_id
            else coalesce(table_deals.current_set_id, amocrm_sets.set_id)
        end as current_set_id,
        amocrm_sets.set_id as amocrm_set_id,
        table_deals.original_set_id
    from amocrm_deals
    full outer join table_deals on amocrm_deals.deal_id = table_deals.deal_id
    left join amocrm_sets on amocrm_deals.deal_id = amocrm_sets.deal_id
    left join utm_sets as table_sets on table_deals.current_set_id = table_sets.set_id
)

select * from merged
