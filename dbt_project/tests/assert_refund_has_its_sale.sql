-- Nothing is given back that was not taken, and not before.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
select refunds.deal_id
from {{ ref('int_sales__refunds') }} as refunds
left join {{ ref('sale_attribution') }} as attributed
    on
        refunds.deal_id = attributed.deal_id
        and refunds.payment_kind = attributed.payment_kind
where
    attributed.deal_id is null
    or refunds.refund_kzt > attributed.amount_kzt
    or refunds.refunded_at < attributed.sale_at
    or refunds.team_name <> attributed.team_name
