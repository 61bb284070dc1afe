-- Attribution moves money between teams; it makes none and loses none.
{{ config(meta={'dagster': {'ref': {'name': 'sale_attribution'}}}) }}
with

sales as (
    select
        product,
        payment_kind,
        count(*) as sale_count,
        sum(amount_kzt) as amount_kzt
    from {{ ref('int_sales__accepted') }}
    group by product, payment_kind
),

attributed as (
    select
        product,
        payment_kind,
        count(*) as sale_count,
        sum(amount_kzt) as amount_kzt
    from {{ ref('sale_attribution') }}
    group by product, payment_kind
)

select
    coalesce(sales.product, attributed.product) as product,
    coalesce(sales.payment_kind, attributed.payment_kind) as payment_kind,
    sales.amount_kzt as sold_kzt,
    attributed.amount_kzt as attributed_kzt
from sales
full outer join attributed
    on
        sales.product = attributed.product
        and sales.payment_kind = attributed.payment_kind
where
    coalesce(sales.sale_count, 0) <> coalesce(attributed.sale_count, 0)
    or coalesce(sales.amount_kzt, 0) <> coalesce(attributed.amount_kzt, 0)
