{#- dbt's own materialization of tables in fewer steps: what is to be replaced is dropped
    and the draft renamed in one statement, in the transaction that made the draft. -#}
{% materialization table, adapter="postgres" %}
    {%- set old = load_cached_relation(this) -%}
    {%- set new = this.incorporate(type="table") -%}
    {%- set draft = make_intermediate_relation(new) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%}
        drop table if exists {{ draft }} cascade;
        {{ get_create_table_as_sql(False, draft, sql) }}
    {%- endcall -%}
    {%- do create_indexes(draft) -%}
    {%- call statement("swap") -%}
        {%- if old %}drop {{ old.type | replace("_", " ") }} if exists {{ old }} cascade;{% endif %}
        alter table {{ draft }} rename to {{ adapter.quote(new.identifier) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set grants = config.get("grants") -%}
    {%- do apply_grants(new, grants, should_revoke(old, full_refresh_mode=True)) -%}
    {%- do persist_docs(new, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [new]}) }}
{% endmaterialization %}
