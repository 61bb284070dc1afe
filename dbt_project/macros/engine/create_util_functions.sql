{#- One statement, so that it is one transaction; the lock keeps two runs apart. -#}
{% macro create_util_functions() -%}
    select pg_advisory_xact_lock(hashtext('traffic.util'));
    create schema if not exists util;
{%- endmacro %}
