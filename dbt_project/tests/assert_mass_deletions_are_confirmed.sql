-- A thousand deals cleaned up in AmoCRM at once took their revenue out of closed months.
-- Until an operator confirms them (`confirm_deleted: [leads]` in the run config of
-- extract), the edition of before stays. Deals that went before the first load were
-- never counted.
{{ config(meta={'dagster': {'ref': {'name': 'deal_deletions'}}}) }}
with

deletions as (
    select * from {{ ref('deal_deletions') }}
    where is_tombstone and was_sale
),

sales as (
    select count(*) as sale_count from {{ ref('sale_attribution') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
    where
        system = 'amocrm'
        and table_name = 'leads'
        and outcome = 'loaded'
        and scope = ''
),

believed as (
    select
        coalesce(
            max(
                case
                    when {{ try_boolean(json_text('details', 'confirmed')) }} then as_of
                end
            ),
            min(as_of)
        ) as believed_to
    from loads
),

days as (
    select
        deletions.opened_date,
        count(*) as deals,
        sum(deletions.revenue_lost_kzt) as revenue_lost_kzt
    from deletions
    cross join believed
    where deletions.opened_at > believed.believed_to
    group by deletions.opened_date
)

select days.*
from days
cross join sales
where
    days.deals > {{ var('mass_deletion_least', 20) }}
    and days.deals > {{ var('mass_deletion_share', 0.05) }} * sales.sale_count
