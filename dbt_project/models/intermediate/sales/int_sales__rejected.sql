with

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
),

judged as (
    select * from {{ ref('int_sales__judged') }}
),

rejected_rows as (
    select
        sale_rows.row_key as reject_key,
        sale_rows.deal_id,
        sale_rows.source_db,
        sale_rows.source_table,
        sale_rows.row_id,
        sale_rows.amount,
        coalesce(judged.reject_reason, 'no_deal_id') as reject_reason
    from sale_rows
    left join judged on sale_rows.deal_id = judged.deal_id
    where judged.deal_id is null or judged.reject_reason is not null
),

rejected_deals as (
    select
        'amocrm:leads:' || cast(deal_id as text) as reject_key,
        deal_id,
        'amocrm' as source_db,
        'leads' as source_table,
        cast(deal_id as text) as row_id,
        cast(null as numeric) as amount,
        reject_reason
    from judged
    where
        is_in_amocrm
        and reject_reason is not null
        and (is_won_now or is_refunded or is_slip)
),

rejected as (
    select * from rejected_rows
    union all
    select * from rejected_deals
)

select * from rejected
