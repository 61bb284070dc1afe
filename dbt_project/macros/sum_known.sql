{#- A sum that is unknown as soon as one of its parts is: unknown is not partial. -#}
{% macro sum_known(value) -%}
    case when count(*) = count({{ value }}) then sum({{ value }}) end
{%- endmacro %}
