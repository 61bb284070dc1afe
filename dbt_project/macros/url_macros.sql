{#- Facebook's macros inside URL tags, `{campaign.name}` in double braces. -#}

{#- A macro as people write it; built here, so that Jinja leaves the braces alone. -#}
{% macro url_macro(name) -%}
    '{{ '{' ~ '{' ~ name ~ '}' ~ '}' }}'
{%- endmacro %}

{% macro has_url_macro(template, names) -%}
    (
        {%- for name in names %}
        {{ contains(template, url_macro(name)) }}{{ ' or' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- The template with the first macro replaced by the first value, and so on. -#}
{% macro fill_url_macros(template, names, values) -%}
    {%- for name in names %}replace({% endfor -%}
    {{ template }}
    {%- for name in names %}, {{ url_macro(name) }}, coalesce({{ values[loop.index0] }}, ''))
    {%- endfor %}
{%- endmacro %}

{#- Braces that are left when every known macro is taken out. -#}
{% macro has_broken_url_macro(template, known) -%}
    {{ matches(
        utm_clean(fill_url_macros(template, known, ["''"] * (known | length))), '[{}]'
    ) }}
{%- endmacro %}
