{#- A table just made has no statistics, and a planner without them joins large tables
    row by row: tell it what is there. Views have none. -#}
{% macro gather_statistics(relation) -%}
    {{ return(adapter.dispatch("gather_statistics", "traffic")(relation)) }}
{%- endmacro %}

{% macro default__gather_statistics(relation) -%}
    {%- if model.config.materialized == "table" %}analyze {{ relation }}{% endif %}
{%- endmacro %}
