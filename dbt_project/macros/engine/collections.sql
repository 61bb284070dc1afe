{#- JSON, arrays and lists; every engine spells them its own way. -#}

{#- JSON of whatever a column holds: unwrapped, NULL when it is none. -#}
{% macro json_value(value) %}{{ engine_function("json", [value]) }}{% endmacro %}

{#- Text at a path of a JSON value; blank is NULL. -#}
{% macro json_text(value, path) -%}
    {{ return(adapter.dispatch("json_text", "traffic")(
        value, [path] if path is string else path
    )) }}
{%- endmacro %}

{% macro default__json_text(value, path) -%}
    nullif(trim({{ value }} #>> '{ {{- path | join(",") -}} }'), '')
{%- endmacro %}

{#- JSON at a path of a JSON value. -#}
{% macro json_at(value, path) -%}
    {{ return(adapter.dispatch("json_at", "traffic")(
        value, [path] if path is string else path
    )) }}
{%- endmacro %}

{% macro default__json_at(value, path) -%}
    ({{ value }} #> '{ {{- path | join(",") -}} }')
{%- endmacro %}

{#- An object from [[key, expression], ...], keys as written. -#}
{% macro json_object(pairs) -%}
    {{ return(adapter.dispatch("json_object", "traffic")(pairs)) }}
{%- endmacro %}

{% macro default__json_object(pairs) -%}
    jsonb_build_object(
        {%- for key, value in pairs %}
        '{{ key }}', {{ value }}{{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- An array of the given expressions. -#}
{% macro json_array(values) -%}
    {{ return(adapter.dispatch("json_array", "traffic")(values)) }}
{%- endmacro %}

{% macro default__json_array(values) -%}
    jsonb_build_array({{ values | join(", ") }})
{%- endmacro %}

{#- Aggregate: an array in the given order, empty rather than NULL. -#}
{% macro json_array_agg(value, order_by, where=none) -%}
    {{ return(adapter.dispatch("json_array_agg", "traffic")(value, order_by, where)) }}
{%- endmacro %}

{% macro default__json_array_agg(value, order_by, where) -%}
    coalesce(
        jsonb_agg({{ value }} order by {{ order_by }})
        {%- if where %} filter (where {{ where }}){% endif %},
        cast('[]' as jsonb)
    )
{%- endmacro %}

{% macro json_type() -%}
    {{ return(adapter.dispatch("json_type", "traffic")()) }}
{%- endmacro %}

{% macro default__json_type() %}jsonb{% endmacro %}

{#- In a from clause, with an alias that names the column: `phones (phone)`. -#}
{% macro unnest(list) -%}
    {{ return(adapter.dispatch("unnest", "traffic")(list)) }}
{%- endmacro %}

{% macro default__unnest(list) %}unnest({{ list }}){% endmacro %}

{#- Aggregate: texts in the given order, with the separator. -#}
{% macro text_agg(value, separator, order_by) -%}
    {{ return(adapter.dispatch("text_agg", "traffic")(value, separator, order_by)) }}
{%- endmacro %}

{% macro default__text_agg(value, separator, order_by) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{#- Does the text match a regular expression; NULL text does not answer. -#}
{% macro matches(value, pattern) -%}
    {{ return(adapter.dispatch("matches", "traffic")(value, pattern)) }}
{%- endmacro %}

{% macro default__matches(value, pattern) -%}
    ({{ value }} ~ '{{ pattern }}')
{%- endmacro %}

{#- What the first group of a regular expression caught. -#}
{% macro caught(value, pattern) -%}
    {{ return(adapter.dispatch("caught", "traffic")(value, pattern)) }}
{%- endmacro %}

{% macro default__caught(value, pattern) -%}
    substring({{ value }} from '{{ pattern }}')
{%- endmacro %}

{#- Aggregates over booleans. -#}
{% macro any_of(condition) %}bool_or({{ condition }}){% endmacro %}

{% macro all_of(condition) %}bool_and({{ condition }}){% endmacro %}

{#- Text of a JSON string or number; objects and arrays have none. -#}
{% macro json_scalar(value) -%}
    {{ return(adapter.dispatch("json_scalar", "traffic")(value)) }}
{%- endmacro %}

{% macro default__json_scalar(value) -%}
    case
        when jsonb_typeof({{ value }}) in ('string', 'number')
            then nullif(trim({{ value }} #>> '{}'), '')
    end
{%- endmacro %}
