{#- Keys made of other columns. -#}

{#- Hash of a natural key; NULL is not '', ('ab', 'c') is not ('a', 'bc'). -#}
{% macro surrogate_hash(columns) -%}
    {{ return(adapter.dispatch("surrogate_hash", "traffic")(columns)) }}
{%- endmacro %}

{% macro default__surrogate_hash(columns) -%}
    md5(concat(
        {%- for column in columns %}
        coalesce(cast({{ column }} as text), chr(30))
        {%- if not loop.last %}, chr(31),{% endif %}
        {%- endfor %}
    ))
{%- endmacro %}

{#- Key of a row of a keyless table: equal rows are numbered. -#}
{% macro row_key(columns) -%}
    {%- set hash = surrogate_hash(columns) -%}
    concat({{ hash }}, '-', row_number() over (partition by {{ hash }}))
{%- endmacro %}
