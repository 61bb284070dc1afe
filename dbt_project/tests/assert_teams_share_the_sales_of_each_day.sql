-- Revenue appeared in the statistics twice, or not at all: on a covered day the teams
-- must share every payment and every refund.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_sales_stats'}}}) }}
with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

sales as (
    select * from {{ ref('sale_attribution') }}
),

refunds as (
    select * from {{ ref('int_sales__refunds') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

team_totals as (
    select
        date,
        sum(total_revenue_kzt) as revenue_kzt,
        sum(total_sales + challenge3d_prepayments) as payments,
        sum(refunds_kzt) as refunds_kzt
    from stats
    where period_type = 'daily'
    group by date
),

sale_totals as (
    select
        sale_date,
        sum(amount_kzt) as revenue_kzt,
        count(*) as payments
    from sales
    where payment_kind <> 'unknown'
    group by sale_date
),

refund_totals as (
    select
        refund_date,
        sum(refund_kzt) as refunds_kzt
    from refunds
    group by refund_date
),

broken as (
    select
        coverage.date,
        team_totals.revenue_kzt,
        sale_totals.revenue_kzt as sold_kzt
    from coverage
    inner join team_totals on coverage.date = team_totals.date
    left join sale_totals on coverage.date = sale_totals.sale_date
    left join refund_totals on coverage.date = refund_totals.refund_date
    where
        coverage.is_sales_covered
        and (
            team_totals.revenue_kzt <> coalesce(sale_totals.revenue_kzt, 0)
            or team_totals.payments <> coalesce(sale_totals.payments, 0)
            or team_totals.refunds_kzt <> coalesce(refund_totals.refunds_kzt, 0)
        )
)

select * from broken
