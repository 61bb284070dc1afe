{#- dbt's own materialization of views in one statement: there is nothing to wait for
    between the old view's end and the new one's beginning. -#}
{% materialization view, adapter="postgres" %}
    {%- set old = load_cached_relation(this) -%}
    {%- set new = this.incorporate(type="view") -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%}
        {%- if old %}drop {{ old.type | replace("_", " ") }} if exists {{ old }} cascade;{% endif %}
        {{ get_create_view_as_sql(new, sql) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set grants = config.get("grants") -%}
    {%- do apply_grants(new, grants, should_revoke(old, full_refresh_mode=True)) -%}
    {%- do persist_docs(new, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [new]}) }}
{% endmaterialization %}
