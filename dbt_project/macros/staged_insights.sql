{#- Insights of Facebook: numbers are strings, and what is zero is left out. -#}
{% macro insight_number(field) -%}
    coalesce({{ try_numeric(json_text('payload', field)) }}, 0)
{%- endmacro %}

{% macro insight_count(field) -%}
    coalesce({{ whole_number(json_text('payload', field)) }}, 0)
{%- endmacro %}

{#- One action type of a list; overlapping types are alternatives, never summed. -#}
{% macro insight_action(list, action_types) -%}
    cast(coalesce(
        {%- for action_type in action_types %}
        {{ action_value(json_at('payload', list), action_type) }},
        {%- endfor %}
        0
    ) as bigint)
{%- endmacro %}
