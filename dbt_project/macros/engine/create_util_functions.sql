{#-
    Schema util: functions that no dialect-free SQL can say. Models never name them,
    they call the macros of this folder. One statement, so that it is one transaction;
    the lock keeps two runs apart.
-#}
{% macro create_util_functions() -%}
    select pg_advisory_xact_lock(hashtext('traffic.util'));
    create schema if not exists util;
    {{ create_time_functions() }}
    {{ create_number_functions() }}
    {{ create_json_functions() }}
    {{ create_facebook_functions() }}
    {{ create_text_functions() }}
    {{ create_utm_functions() }}
    {{ create_url_functions() }}
    {{ create_contact_functions() }}
    {{ create_table_functions() }}
    {{ create_key_functions() }}
    {{ create_components_function() }}
{%- endmacro %}
