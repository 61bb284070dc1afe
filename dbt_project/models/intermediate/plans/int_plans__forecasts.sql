{%- set weeks = var('forecast_weeks') -%}

with

team_weeks as (
    select * from {{ ref('int_plans__team_weeks') }}
),

-- The weeks before each week; a forecast never sees its own.
windowed as (
    select
        team_id,
        week_start,
        revenue_kzt,
        {% for measure in ['revenue_kzt', 'sales', 'spend_usd'] -%}
        case
            when count({{ measure }}) over past_weeks = {{ weeks }}
                then cast(
                    round(
                        cast(
                            sum({{ measure }}) over past_weeks
                            - max({{ measure }}) over past_weeks
                            - min({{ measure }}) over past_weeks
                            as numeric
                        ) / ({{ weeks }} - 2),
                        2
                    ) as numeric(18, 2)
                )
        end as forecast_{{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from team_weeks
    window
        past_weeks as (
            partition by team_id order by week_start
            rows between {{ weeks }} preceding and 1 preceding
        )
),

with_errors as (
    select
        *,
        case
            when forecast_revenue_kzt is not null and revenue_kzt is not null
                then abs(revenue_kzt - forecast_revenue_kzt)
        end as error_kzt,
        case
            when forecast_revenue_kzt is not null then revenue_kzt
        end as tested_kzt
    from windowed
),

forecasts as (
    select
        team_id,
        week_start,
        forecast_revenue_kzt,
        forecast_sales,
        forecast_spend_usd,
        cast(
            sum(error_kzt) over tested_weeks
            / nullif(sum(tested_kzt) over tested_weeks, 0)
            as numeric(18, 6)
        ) as backtest_wape
    from with_errors
    window
        tested_weeks as (
            partition by team_id order by week_start
            rows between {{ var('backtest_weeks') }} preceding and 1 preceding
        )
)

select * from forecasts
