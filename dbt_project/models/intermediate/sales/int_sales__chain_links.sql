with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

phones as (
    select * from {{ ref('int_identity__records') }}
    where kind = 'phone' and deal_id is not null
),

full_payments as (
    select * from sales
    where product = 'challenge3d' and payment_kind = 'full'
),

prepayments as (
    select * from sales
    where payment_kind = 'prepayment'
),

named_links as (
    select
        full_payments.deal_id,
        sales.deal_id as prepayment_deal_id,
        1 as link_rank,
        1 as recency
    from full_payments
    inner join sales
        on
            full_payments.prepayment_deal_id = sales.deal_id
            and full_payments.deal_id <> sales.deal_id
),

related_links as (
    select
        full_payments.deal_id,
        prepayments.deal_id as prepayment_deal_id,
        2 as link_rank,
        1 as recency
    from full_payments
    inner join prepayments on full_payments.related_deal_id = prepayments.deal_id
),

phone_links as (
    select
        full_payments.deal_id,
        prepayments.deal_id as prepayment_deal_id,
        3 as link_rank,
        row_number() over (
            partition by full_payments.deal_id
            order by prepayments.sale_at desc, prepayments.deal_id desc
        ) as recency
    from full_payments
    inner join phones as own_phones on full_payments.deal_id = own_phones.deal_id
    inner join phones as other_phones on own_phones.identifier = other_phones.identifier
    inner join prepayments
        on
            other_phones.deal_id = prepayments.deal_id
            and full_payments.sale_at > prepayments.sale_at
),

links as (
    select * from named_links
    union all
    select * from related_links
    union all
    select * from phone_links
    where recency = 1
),

ranked as (
    select
        links.*,
        row_number() over (partition by deal_id order by link_rank) as choice
    from links
),

-- A full payment belongs to one prepayment, the surest link first.
chosen as (
    select
        cast(deal_id as text) as node_a,
        cast(prepayment_deal_id as text) as node_b,
        link_rank
    from ranked
    where choice = 1
)

select * from chosen
