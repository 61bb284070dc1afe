-- A deal won in AmoCRM that no table holds is a sale all the same.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
with

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
    where status_id = {{ won_status() }}
),

attributed as (
    select * from {{ ref('sale_attribution') }}
),

rejected as (
    select * from {{ ref('int_sales__rejected') }}
    where source_db = 'amocrm'
)

select deals.deal_id
from deals
left join attributed on deals.deal_id = attributed.deal_id
left join rejected on deals.deal_id = rejected.deal_id
where (attributed.deal_id is null) = (rejected.deal_id is null)
