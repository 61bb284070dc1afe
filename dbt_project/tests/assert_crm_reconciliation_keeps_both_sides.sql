-- A won deal or a deal of the tables fell out of the comparison, or was compared twice:
-- each side's deals and money must be those that the comparison shows.
{{ config(meta={'dagster': {'ref': {'name': 'crm_reconciliation'}}}) }}
with

reconciled as (
    select * from {{ ref('crm_reconciliation') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

products as (
    select * from {{ ref('int_sales__products') }}
    where not is_leads_only
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

counted as (
    select
        deals.deal_id,
        deals.is_in_amocrm
        and deals.status_id = {{ won_status() }}
        and tombstones.deal_id is null as is_won,
        deals.is_in_tables
        and not (
            deals.is_prepaid
            and deals.is_in_amocrm
            and tombstones.deal_id is null
            and products.product = 'challenge3d'
            and coalesce(deals.status_id, 0)
            not in ({{ won_status() }}, {{ lost_status() }})
        ) as is_in_tables,
        deals.price,
        deals.table_amount
    from deals
    inner join products on deals.deal_id = products.deal_id
    left join tests on deals.deal_id = tests.deal_id
    left join tombstones on deals.deal_id = tombstones.deal_id
    where tests.deal_id is null
),

sides as (
    select
        'won in AmoCRM' as side,
        count(*) as deals,
        coalesce(sum(round(coalesce(price, 0), 2)), 0) as money
    from counted
    where is_won
    union all
    select
        'in the tables' as side,
        count(*) as deals,
        coalesce(sum(round(coalesce(table_amount, 0), 2)), 0) as money
    from counted
    where is_in_tables
    union all
    select
        'difference' as side,
        count(*) as deals,
        coalesce(sum(
            case when is_won then round(coalesce(price, 0), 2) else 0 end
            - case when is_in_tables then round(coalesce(table_amount, 0), 2) else 0 end
        ), 0) as money
    from counted
    where is_won or is_in_tables
),

shown as (
    select
        'won in AmoCRM' as side,
        count(*) as deals,
        coalesce(sum(crm_amount_kzt), 0) as money
    from reconciled
    where finding <> 'extra_in_tables'
    union all
    select
        'in the tables' as side,
        count(*) as deals,
        coalesce(sum(table_amount_kzt), 0) as money
    from reconciled
    where finding <> 'missing_in_tables'
    union all
    select
        'difference' as side,
        count(*) as deals,
        coalesce(sum(difference_kzt), 0) as money
    from reconciled
)

select sides.side
from sides
inner join shown on sides.side = shown.side
where sides.deals <> shown.deals or sides.money <> shown.money
