with

deals as (
    select * from {{ ref('int_sales__deals') }}
),

products as (
    select * from {{ ref('int_sales__products') }}
),

won_spells as (
    select * from {{ ref('int_sales__won_spells') }}
),

prepayment_stages as (
    select * from {{ ref('prepayment_stages') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

described as (
    select
        deals.deal_id,
        deals.is_in_amocrm,
        deals.is_in_tables,
        deals.status_id,
        products.product,
        products.is_leads_only,
        tests.reject_reason as test_reason,
        tombstones.deal_id is not null as is_tombstoned,
        won_spells.first_won_at,
        won_spells.last_won_at,
        won_spells.left_won_at,
        products.product = 'challenge3d'
        and (
            deals.is_prepaid
            or (deals.is_in_amocrm and prepayment_stages.status_id is not null)
        ) as is_flagged,
        coalesce(deals.status_id = {{ won_status() }}, false) as is_won_now,
        deals.is_in_amocrm
        and coalesce(deals.status_id, 0) <> {{ won_status() }}
        and won_spells.left_won_at is not null as has_left_won,
        coalesce(
            deals.closed_at,
            deals.table_sale_at,
            deals.amocrm_created_at,
            deals.table_created_at
        ) is null as is_undated
    from deals
    inner join products on deals.deal_id = products.deal_id
    left join won_spells on deals.deal_id = won_spells.deal_id
    left join prepayment_stages
        on
            deals.pipeline_id = prepayment_stages.pipeline_id
            and deals.status_id = prepayment_stages.status_id
    left join tests on deals.deal_id = tests.deal_id
    left join tombstones on deals.deal_id = tombstones.deal_id
),

-- Leaving "won" late is a refund, leaving it soon was a slip of the hand.
judged as (
    select
        described.*,
        has_left_won
        and left_won_at
        > {{ add_hours('last_won_at', var('won_correction_hours')) }}
            as is_refunded,
        has_left_won
        and left_won_at
        <= {{ add_hours('last_won_at', var('won_correction_hours')) }}
            as is_slip
    from described
),

decided as (
    select
        judged.*,
        case
            when test_reason is not null then test_reason
            when is_tombstoned then 'tombstoned'
            when is_leads_only and not is_in_tables then 'leads_only_pipeline'
            when is_undated then 'no_date'
            when is_won_now or is_refunded then null
            when status_id = {{ lost_status() }} and is_slip then 'slip'
            when status_id = {{ lost_status() }} then 'status_lost'
            when is_flagged or status_id is null then null
            when is_slip then 'slip'
            else 'status_not_won'
        end as reject_reason
    from judged
)

select
    deal_id,
    is_in_amocrm,
    is_in_tables,
    status_id,
    product,
    is_flagged,
    is_won_now,
    is_refunded,
    is_slip,
    first_won_at,
    last_won_at,
    left_won_at,
    reject_reason
from decided
