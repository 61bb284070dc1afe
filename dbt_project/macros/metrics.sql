{#-
    One macro per metric, over sums. A ratio is NULL when its denominator is 0 or
    unknown; percents are 0..100; every ratio is numeric(18, 6).
-#}
{% macro ratio(numerator, denominator, times=1) -%}
    cast(
        cast({{ numerator }} as numeric(38, 6)) * {{ times }}
        / nullif(cast({{ denominator }} as numeric(38, 6)), 0)
        as numeric(18, 6)
    )
{%- endmacro %}

{% macro ctr_pct(clicks, impressions) -%}
    {{ ratio(clicks, impressions, 100) }}
{%- endmacro %}

{% macro cpc_usd(spend_usd, clicks) %}{{ ratio(spend_usd, clicks) }}{% endmacro %}

{% macro cpm_usd(spend_usd, impressions) -%}
    {{ ratio(spend_usd, impressions, 1000) }}
{%- endmacro %}

{% macro cpl_usd(spend_usd, leads) %}{{ ratio(spend_usd, leads) }}{% endmacro %}

{% macro cpl_kzt(spend_kzt, leads) %}{{ ratio(spend_kzt, leads) }}{% endmacro %}

{% macro cpa_usd(spend_usd, sales) %}{{ ratio(spend_usd, sales) }}{% endmacro %}

{% macro cpa_kzt(spend_kzt, sales) %}{{ ratio(spend_kzt, sales) }}{% endmacro %}

{#- Paid deals are sales and Challenge 3D prepayments. -#}
{% macro average_order_value_kzt(revenue_kzt, paid_deals) -%}
    {{ ratio(revenue_kzt, paid_deals) }}
{%- endmacro %}

{% macro conversion_rate_pct(sales, leads) -%}
    {{ ratio(sales, leads, 100) }}
{%- endmacro %}

{% macro roas(revenue_kzt, spend_kzt) -%}
    {{ ratio(revenue_kzt, spend_kzt) }}
{%- endmacro %}

{% macro roi_pct(revenue_kzt, spend_kzt) -%}
    {{ ratio("(" ~ revenue_kzt ~ " - " ~ spend_kzt ~ ")", spend_kzt, 100) }}
{%- endmacro %}

{% macro payback_pct(spend_kzt, revenue_kzt) -%}
    {{ ratio(spend_kzt, revenue_kzt, 100) }}
{%- endmacro %}

{% macro profit_kzt(revenue_kzt, spend_kzt) -%}
    cast({{ revenue_kzt }} - {{ spend_kzt }} as numeric(18, 2))
{%- endmacro %}

{% macro prepayment_to_full_pct(full_payments, prepayments) -%}
    {{ ratio(full_payments, prepayments, 100) }}
{%- endmacro %}

{#- Half away from zero, as the business rounds. -#}
{% macro round_half_away(value, digits=0) -%}
    round(cast({{ value }} as numeric), {{ digits }})
{%- endmacro %}
