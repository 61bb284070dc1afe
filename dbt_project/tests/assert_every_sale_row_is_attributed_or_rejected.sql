-- Sales were lost on their way without anybody noticing (AmoCRM had 91, the table 87):
-- every row of a sales table is a sale by its deal, or a listed reject, never both.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
with

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
),

attributed as (
    select * from {{ ref('sale_attribution') }}
),

rejected as (
    select * from {{ ref('int_sales__rejected') }}
)

select
    sale_rows.row_key,
    sale_rows.deal_id
from sale_rows
left join attributed on sale_rows.deal_id = attributed.deal_id
left join rejected on sale_rows.row_key = rejected.reject_key
where (attributed.deal_id is null) = (rejected.reject_key is null)
