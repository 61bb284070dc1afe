{#-
    The formula of a weekly plan, one macro per target. Decimals only, so that 50 sales
    and 10 % make 55, not 56; numeric rounds half away from zero. Unknown stays unknown.
-#}
{% macro planned_revenue(revenue, growth_pct) -%}
    round({{ revenue }} * (100 + {{ growth_pct }}) / 100, 0)
{%- endmacro %}

{% macro planned_sales(sales, growth_pct) -%}
    case
        when {{ sales }} is not null
            then greatest(
                ceil(cast({{ sales }} as numeric) * (100 + {{ growth_pct }}) / 100), 1
            )
    end
{%- endmacro %}

{% macro planned_spend(spend) -%}
    round({{ spend }} * 1.05, 2)
{%- endmacro %}

{% macro planned_roas(roas, min_roas) -%}
    round(greatest({{ min_roas }}, coalesce({{ roas }} * 1.05, {{ min_roas }})), 2)
{%- endmacro %}

{#- No sale to measure by leaves the ceiling itself. -#}
{% macro planned_cpa(cpa, max_cpa) -%}
    round(
        greatest(
            1,
            least({{ max_cpa }}, coalesce(nullif({{ cpa }}, 0) * 0.95, {{ max_cpa }}))
        ),
        2
    )
{%- endmacro %}

{#-
    Percent of a plan that is done; no plan, no percent. The mean of two percents leaves
    out a part without a plan, and divides once, so that no third hides in it.
-#}
{% macro mean_completion_pct(revenue, plan_revenue, sales, plan_sales) -%}
    case
        when coalesce({{ plan_revenue }}, 0) = 0
            then {{ completion_pct(sales, plan_sales) }}
        when coalesce({{ plan_sales }}, 0) = 0
            then {{ completion_pct(revenue, plan_revenue) }}
        else
            cast(
                round(
                    (
                        {{ revenue }} * {{ plan_sales }}
                        + {{ sales }} * {{ plan_revenue }}
                    ) * 50 / ({{ plan_revenue }} * {{ plan_sales }}),
                    0
                ) as integer
            )
    end
{%- endmacro %}

{% macro completion_pct(actual, plan) -%}
    cast(
        round(cast({{ actual }} as numeric) * 100 / nullif({{ plan }}, 0), 0) as integer
    )
{%- endmacro %}
