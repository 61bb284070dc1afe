{#-
    What models call. Each macro is a function of schema util; an engine without that
    schema overrides `engine_function` once, as <engine>__engine_function.
-#}
{% macro engine_function(name, arguments) -%}
    {{ return(adapter.dispatch("engine_function", "traffic")(name, arguments)) }}
{%- endmacro %}

{% macro default__engine_function(name, arguments) -%}
    util.{{ name }}({{ arguments | join(", ") }})
{%- endmacro %}

{#- Instants, numbers, ids: NULL instead of an error. -#}
{% macro utc(value) %}{{ engine_function("utc", [value]) }}{% endmacro %}

{#- A day that a source calls a day; days of instants come from `almaty_date`. -#}
{% macro source_day(value) %}{{ engine_function("day", [value]) }}{% endmacro %}

{% macro epoch_utc(value) %}{{ utc(try_bigint(value)) }}{% endmacro %}

{% macro try_numeric(value) -%}
    {{ engine_function("try_numeric", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{#- An amount of money; NULL where it is no number, or too large to be one. -#}
{% macro money(value) -%}
    {{ engine_function("money", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{% macro try_bigint(value) -%}
    {{ engine_function("try_bigint", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{#- The nearest whole number; NULL where it is none, or too large for one. -#}
{% macro whole_number(value) -%}
    {{ engine_function("whole_number", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{% macro try_boolean(value) -%}
    {{ engine_function("try_boolean", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{% macro account_id(value) -%}
    {{ engine_function("account_id", ["cast(" ~ value ~ " as text)"]) }}
{%- endmacro %}

{#- UTM values (null when blank or an unexpanded macro) and team names. -#}
{% macro utm_norm(value) %}{{ engine_function("utm_norm", [value]) }}{% endmacro %}

{% macro utm_clean(value) %}{{ engine_function("utm_clean", [value]) }}{% endmacro %}

{% macro utm_issue(value) %}{{ engine_function("utm_issue", [value]) }}{% endmacro %}

{% macro team_key(value) %}{{ engine_function("team_key", [value]) }}{% endmacro %}

{#- Arrays of text: normalised phones and e-mails of a field, items of a list. -#}
{% macro phones(value) %}{{ engine_function("phones", [value]) }}{% endmacro %}

{% macro emails(value) %}{{ engine_function("emails", [value]) }}{% endmacro %}

{% macro text_array(value) %}{{ engine_function("text_array", [value]) }}{% endmacro %}

{#- ' a b c ' for 'A_b-C': `contains` on two of them compares runs of tokens. -#}
{% macro tokens(value) %}{{ engine_function("tokens", [value]) }}{% endmacro %}

{% macro contains(text, part) -%}
    (position({{ part }} in {{ text }}) > 0)
{%- endmacro %}

{#- In a from clause, with an alias that names the column: `days (day)`. -#}
{% macro days_between(first_day, last_day) -%}
    {{ engine_function("days", [first_day, last_day]) }}
{%- endmacro %}

{% macro weeks_between(first_week, last_week) -%}
    {{ engine_function("weeks", [first_week, last_week]) }}
{%- endmacro %}

{#- The same: `items (item, place)`. -#}
{% macro json_elements(value) -%}
    {{ engine_function("json_elements", [value]) }}
{%- endmacro %}

{#- Value of one action type in a list of Facebook's actions. -#}
{% macro action_value(actions, action_type) -%}
    {{ engine_function("action_value", [actions, "'" ~ action_type ~ "'"]) }}
{%- endmacro %}

{#- The first of a list of choices ([metric, action type], ...) that a row has. -#}
{% macro action_choice(payload, choices) -%}
    {{ engine_function("action_choice", [payload, choices]) }}
{%- endmacro %}

{#- In a from clause: `actions (metric, action_type, attribution_window, value)`. -#}
{% macro action_items(payload) -%}
    {{ engine_function("action_items", [payload]) }}
{%- endmacro %}

{#- In a from clause: `texts (item, place)`, at a path of SQL/JSON. -#}
{% macro json_texts(value, path) -%}
    {{ engine_function("json_texts", [value, path]) }}
{%- endmacro %}

{#- In a from clause: `parameters (name, value, place)` of a link or of URL tags. -#}
{% macro query_parameters(content, is_tags) -%}
    {{ engine_function("query_parameters", [
        engine_function("url_query", [content, is_tags])
    ]) }}
{%- endmacro %}

{#- Letters to add, drop, change or swap with a neighbour. -#}
{% macro edit_distance(one, other) -%}
    {{ engine_function("edit_distance", [one, other]) }}
{%- endmacro %}
