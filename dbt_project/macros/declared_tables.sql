{#- The catalog as rows (system, table_name, is_optional): every declared raw table. Ledgers
    and own tables are left out: they are written along the way and have no loads. -#}
{% macro declared_tables() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values()
            if node.source_name == 'raw' and '__' in node.name
            and not node.config.meta.get('ledger')
            and not node.config.meta.get('own') -%}
            {%- do rows.append(
                node.name.split('__', 1)
                + ['true' if node.config.meta.get('optional') else 'false']
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for system, table_name, is_optional in rows | sort %}
    select
        cast('{{ system }}' as text) as system,
        cast('{{ table_name }}' as text) as table_name,
        {{ is_optional }} as is_optional
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as text) as system,
        cast(null as text) as table_name,
        false as is_optional
    where false
    {%- endfor %}
{%- endmacro %}
