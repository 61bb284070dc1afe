-- Test deals stood in production totals.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
select attributed.deal_id
from {{ ref('sale_attribution') }} as attributed
inner join {{ ref('int_sales__tests') }} as tests
    on attributed.deal_id = tests.deal_id
