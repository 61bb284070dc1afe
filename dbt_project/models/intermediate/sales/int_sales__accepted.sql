with

judged as (
    select * from {{ ref('int_sales__judged') }}
    where reject_reason is null
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

-- AmoCRM's price is what a won deal brought, whatever the tables say; the deal price of
-- an open prepayment is the whole budget, so there the flagged row's amount counts.
priced as (
    select
        judged.*,
        deals.prepaid_amount,
        case
            when judged.is_refunded
                then coalesce(nullif(deals.price, 0), deals.table_amount)
            when judged.is_won_now and judged.is_in_amocrm then deals.price
            when judged.is_won_now then deals.table_amount
            when judged.is_flagged then deals.prepaid_amount
            else deals.table_amount
        end as amount
    from judged
    inner join deals on judged.deal_id = deals.deal_id
),

-- A flag describes the moment it was written: a deal won at the full price since then
-- is a full payment on the same deal.
classified as (
    select
        priced.*,
        case
            when product <> 'challenge3d' then 'full'
            when
                is_flagged
                and is_in_amocrm
                and (is_won_now or is_refunded)
                and amount >= {{ var('prepayment_max') }}
                and coalesce(prepaid_amount, 0) < {{ var('prepayment_max') }}
                then 'full'
            when is_flagged then 'prepayment'
            when coalesce(amount, 0) <= 0 then 'unknown'
            when amount < {{ var('prepayment_max') }} then 'prepayment'
            else 'full'
        end as payment_kind
    from priced
),

timed as (
    select
        classified.*,
        deals.deal_at,
        deals.current_set_id,
        deals.original_set_id,
        deals.prepayment_deal_id,
        deals.related_deal_id,
        case
            when classified.is_refunded then classified.last_won_at
            else
                coalesce(
                    deals.closed_at,
                    deals.table_sale_at,
                    deals.amocrm_created_at,
                    deals.table_created_at
                )
        end as sale_at,
        not classified.is_refunded
        and coalesce(deals.closed_at, deals.table_sale_at, deals.amocrm_created_at)
        is null as date_unverified
    from classified
    inner join deals on classified.deal_id = deals.deal_id
),

accepted as (
    select
        deal_id,
        payment_kind,
        product,
        sale_at,
        {{ almaty_date('sale_at') }} as sale_date,
        cast(
            case when amount > 0 then round(amount, 2) else 0 end as numeric(18, 2)
        ) as amount_kzt,
        coalesce(amount, 0) <= 0 as amount_missing,
        status_id is null as status_unverified,
        date_unverified,
        payment_kind = 'prepayment' and coalesce(amount, 0) >= {{ var('prepayment_max') }}
            as prepayment_amount_suspicious,
        is_refunded,
        first_won_at,
        left_won_at,
        deal_at,
        current_set_id,
        original_set_id,
        prepayment_deal_id,
        related_deal_id
    from timed
)

select * from accepted
