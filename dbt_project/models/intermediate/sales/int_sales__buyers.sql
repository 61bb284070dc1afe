with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

components as (
    select * from {{ ref('int_identity__buyer_components') }}
),

buyers as (
    select
        sales.deal_id,
        sales.sale_at,
        sales.payment_kind,
        coalesce(components.component, 'deal:' || cast(sales.deal_id as text)) as buyer
    from sales
    left join components on 'deal:' || cast(sales.deal_id as text) = components.node
),

ordered as (
    select
        deal_id,
        payment_kind <> 'unknown'
        and row_number() over (
            partition by buyer, case when payment_kind = 'unknown' then 0 else 1 end
            order by sale_at, deal_id
        ) = 1 as is_new_buyer
    from buyers
)

select * from ordered
