{#- The first line of a text: what an error says before it explains itself. -#}
{% macro first_line(value) -%}
    nullif(trim(split_part({{ value }}, chr(10), 1)), '')
{%- endmacro %}
