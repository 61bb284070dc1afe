-- A prepayment and its full payment made two new buyers of one.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
with

buyers as (
    select
        coalesce(components.component, cast(attributed.deal_id as text)) as buyer,
        attributed.is_new_buyer,
        attributed.payment_kind
    from {{ ref('sale_attribution') }} as attributed
    left join {{ ref('int_identity__buyer_components') }} as components
        on 'deal:' || cast(attributed.deal_id as text) = components.node
)

select buyer
from buyers
where payment_kind <> 'unknown'
group by buyer
having sum(case when is_new_buyer then 1 else 0 end) <> 1
