{#- What a model or a seed proves of itself as soon as it is made, in one statement. -#}

{#- Runs as post-hook: the key of config.meta.key, then statistics for the planner. A
    node whose key does not hold fails, and leaves what was there before. -#}
{% macro finish(relation) -%}
    {%- set steps = [prove_key(relation) | trim, gather_statistics(relation) | trim] -%}
    {{ steps | select | join(";\n") }}
{%- endmacro %}

{% macro prove_key(relation) -%}
    {{ return(adapter.dispatch("prove_key", "traffic")(relation)) }}
{%- endmacro %}

{% macro default__prove_key(relation) -%}
    {%- set key = (model.config.meta or {}).get("key") -%}
    {%- if key -%}
        select util.prove_key(
            '{{ relation }}',
            '{{ key | join(", ") | replace("'", "''") }}',
            {{ model.config.materialized == "table" }}
        )
    {%- endif -%}
{%- endmacro %}
