{%- set products = ['express', 'flagman', 'intensive1d', 'unknown'] -%}

with

team_days as (
    select * from {{ ref('int_calendar__team_days') }}
),

sales as (
    select * from {{ ref('sale_attribution') }}
),

refunds as (
    select * from {{ ref('int_sales__refunds') }}
),

leads as (
    select * from {{ ref('lead_attribution') }}
),

spend as (
    select * from {{ ref('int_spend__team_days') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

sales_by_day as (
    select
        sale_date as date,
        team_id,
        {% for product in products -%}
        {%- set is_product = "product = '" ~ product ~ "' and payment_kind = 'full'" -%}
        count(case when {{ is_product }} then 1 end) as {{ product }}_sales,
        sum(case when {{ is_product }} then amount_kzt else 0 end)
            as {{ product }}_revenue_kzt,
        {% endfor -%}
        {% for kind in ['prepayment', 'full'] -%}
        {%- set is_kind =
            "product = 'challenge3d' and payment_kind = '" ~ kind ~ "'" -%}
        count(case when {{ is_kind }} then 1 end) as challenge3d_{{ kind }}_sales,
        sum(case when {{ is_kind }} then amount_kzt else 0 end)
            as challenge3d_{{ kind }}_revenue_kzt{{ ',' if not loop.last }}
        {% endfor %}
    from sales
    group by sale_date, team_id
),

refunds_by_day as (
    select
        refund_date as date,
        team_id,
        sum(refund_kzt) as refunds_kzt
    from refunds
    group by refund_date, team_id
),

leads_by_day as (
    select
        lead_date as date,
        team_id,
        count(case when is_first_in_funnel then 1 end) as leads_count,
        count(*) as leads_rows
    from leads
    group by lead_date, team_id
),

-- A quiet day is zero where its source has covered it, and unknown where not.
measured as (
    select
        team_days.date,
        team_days.team_id,
        team_days.team_name,
        {% for column in [
            'express_sales', 'express_revenue_kzt',
            'flagman_sales', 'flagman_revenue_kzt',
            'challenge3d_prepayment_sales', 'challenge3d_prepayment_revenue_kzt',
            'challenge3d_full_sales', 'challenge3d_full_revenue_kzt',
            'intensive1d_sales', 'intensive1d_revenue_kzt',
            'unknown_sales', 'unknown_revenue_kzt',
        ] -%}
        case
            when coverage.is_sales_covered then coalesce(sales_by_day.{{ column }}, 0)
        end as {{ column }},
        {% endfor -%}
        case
            when coverage.is_sales_covered then coalesce(refunds_by_day.refunds_kzt, 0)
        end as refunds_kzt,
        {% for column in ['leads_count', 'leads_rows'] -%}
        case
            when coverage.is_leads_covered then coalesce(leads_by_day.{{ column }}, 0)
        end as {{ column }},
        {% endfor -%}
        {% for column in ['spend_usd', 'spend_kzt', 'impressions', 'clicks'] -%}
        case
            when not coverage.is_spend_covered then null
            when spend.date is null then 0
            else spend.{{ column }}
        end as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from team_days
    inner join coverage on team_days.date = coverage.date
    left join sales_by_day
        on team_days.date = sales_by_day.date
        and team_days.team_id = sales_by_day.team_id
    left join refunds_by_day
        on team_days.date = refunds_by_day.date
        and team_days.team_id = refunds_by_day.team_id
    left join leads_by_day
        on team_days.date = leads_by_day.date
        and team_days.team_id = leads_by_day.team_id
    left join spend
        on team_days.date = spend.date
        and team_days.team_id = spend.team_id
)

select * from measured
