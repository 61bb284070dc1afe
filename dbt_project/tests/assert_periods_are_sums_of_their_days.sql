{#- Weekly figures were rolling windows once, and averages of averages. -#}
{%- set measures = [
    'total_sales', 'total_revenue_kzt', 'express_sales', 'express_revenue_kzt',
    'flagman_sales', 'flagman_revenue_kzt', 'challenge3d_prepayments',
    'challenge3d_prepayment_revenue_kzt', 'challenge3d_full_sales',
    'challenge3d_full_revenue_kzt', 'intensive1d_sales', 'intensive1d_revenue_kzt',
    'other_sales', 'other_revenue_kzt', 'refunds_kzt', 'leads_count', 'leads_rows',
    'spend_usd', 'spend_kzt', 'impressions', 'clicks', 'profit_kzt',
] -%}

with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

periods as (
    select * from stats
    where period_type <> 'daily'
),

days as (
    select
        team_id,
        'weekly' as period_type,
        {{ week_start('date') }} as period_start,
        {%- for measure in measures %}
        {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from stats
    where period_type = 'daily'
    union all
    select
        team_id,
        'monthly' as period_type,
        {{ month_start('date') }} as period_start,
        {%- for measure in measures %}
        {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from stats
    where period_type = 'daily'
),

sums as (
    select
        team_id,
        period_type,
        period_start,
        {%- for measure in measures %}
        {{ sum_known(measure) }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    group by team_id, period_type, period_start
),

broken as (
    select
        coalesce(periods.date, sums.period_start) as date,
        coalesce(periods.period_type, sums.period_type) as period_type,
        coalesce(periods.team_id, sums.team_id) as team_id
    from periods
    full outer join sums
        on periods.team_id = sums.team_id
        and periods.period_type = sums.period_type
        and periods.date = sums.period_start
    where
        periods.team_id is null
        or sums.team_id is null
        {%- for measure in measures %}
        or periods.{{ measure }} is distinct from sums.{{ measure }}
        {%- endfor %}
)

select * from broken
