{%- set measures = [
    'express_sales', 'express_revenue_kzt', 'flagman_sales', 'flagman_revenue_kzt',
    'challenge3d_prepayment_sales', 'challenge3d_prepayment_revenue_kzt',
    'challenge3d_full_sales', 'challenge3d_full_revenue_kzt',
    'intensive1d_sales', 'intensive1d_revenue_kzt',
    'unknown_sales', 'unknown_revenue_kzt', 'refunds_kzt',
    'leads_count', 'leads_rows', 'spend_usd', 'spend_kzt', 'impressions', 'clicks',
] -%}

with

team_days as (
    select * from {{ ref('int_calendar__team_days_measured') }}
),

periods as (
    select * from {{ ref('int_calendar__periods') }}
),

team_periods as (
    select
        periods.period_start as date,
        periods.period_type,
        team_days.team_id,
        team_days.team_name,
        {% for measure in measures -%}
        {{ sum_known('team_days.' ~ measure) }} as {{ measure }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from team_days
    inner join periods on team_days.date = periods.date
    group by
        periods.period_start, periods.period_type, team_days.team_id,
        team_days.team_name
),

with_totals as (
    select
        *,
        express_sales + flagman_sales + challenge3d_full_sales + intensive1d_sales
        + unknown_sales as total_sales,
        express_revenue_kzt + flagman_revenue_kzt + challenge3d_prepayment_revenue_kzt
        + challenge3d_full_revenue_kzt + intensive1d_revenue_kzt + unknown_revenue_kzt
            as total_revenue_kzt
    from team_periods
)

select * from with_totals
