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

{#- One row: for each measure its action types, first choice first. -#}
{% macro action_choices(measures) -%}
    select
        {%- for measure in measures %}
        {{ json_array_agg(
            json_array(['metric', 'action_type']), 'priority',
            where="measure = '" ~ measure ~ "'"
        ) }} as {{ measure }}_choices{{ ',' if not loop.last }}
        {%- endfor %}
    from action_types
{%- endmacro %}

{#- A measure of actions, by its choices; overlapping types are never summed. -#}
{% macro insight_measure(measure) -%}
    cast(coalesce(
        {{ action_choice('payload', measure ~ '_choices') }}, 0
    ) as bigint) as {{ measure }}
{%- endmacro %}
