{#-
    Keys of ownership facts that are made of several values, and their parts. A bar
    inside a value is written as %7C, which a normalised value never holds.
-#}
{% macro ownership_key(parts) -%}
    {%- for part in parts -%}
    replace(coalesce({{ part }}, ''), '|', '%7C')
    {%- if not loop.last %} || '|' || {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro ownership_key_part(fact_key, position) -%}
    nullif(replace(split_part({{ fact_key }}, '|', {{ position }}), '%7C', '|'), '')
{%- endmacro %}
