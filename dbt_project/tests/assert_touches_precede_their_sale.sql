-- A touch after the sale did not bring it.
{{ config(meta={'dagster': {'ref': {'name': 'int_attribution__touches'}}}) }}
select
    touches.deal_id,
    touches.touch
from {{ ref('int_attribution__touches') }} as touches
inner join {{ ref('int_sales__accepted') }} as sales
    on touches.deal_id = sales.deal_id
where touches.touched_at > sales.sale_at
