{#- What the models of leads, sales and attribution say more than once. -#}

{#- The five UTM values of a set, in their order. -#}
{% macro utm_fields() -%}
    {{ return(['source', 'medium', 'campaign', 'content', 'term']) }}
{%- endmacro %}

{#- `test` as a whole token at the start or the end of a value. -#}
{% macro is_test_value(value) -%}
    {{ matches(value, '^test([_. -]|$)|(^|[_. -])test$') }}
{%- endmacro %}

{#- A name that starts with TEST or ТЕСТ as a word; letters are spelled out, so that
    no server locale changes the answer. -#}
{% macro is_test_name(name) -%}
    {{ matches(
        name,
        '^[[:space:]]*([Tt][Ee][Ss][Tt]|[Тт][Ее][Сс][Тт])'
        ~ '([^A-Za-zА-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]|$)'
    ) }}
{%- endmacro %}

{% macro is_digits(value) -%}
    {{ matches(value, '^[0-9]+$') }}
{%- endmacro %}

{#- An id of Facebook written into a UTM value: digits only, at least 14 of them. -#}
{% macro id_candidate(value) -%}
    case when {{ matches(value, '^[0-9]{14,}$') }} then {{ value }} end
{%- endmacro %}

{#- A phone where a campaign should be: 10-12 digits under the usual decoration. -#}
{% macro is_phone_like(value) -%}
    {{ matches("translate(" ~ value ~ ", '+()- ', '')", '^[0-9]{10,12}$') }}
{%- endmacro %}

{#- `proftest_<team>` names a team after its first underscore. -#}
{% macro lead_source_team(lead_source) -%}
    {{ team_key(caught("lower(" ~ lead_source ~ ")", '^[[:space:]]*proftest_(.+)$')) }}
{%- endmacro %}

{#- The key of a UTM look-up: which set, for which funnel, on which day. -#}
{% macro utm_lookup_id() -%}
    {{ surrogate_hash(['utm_source', 'utm_medium', 'funnel', 'event_date']) }}
{%- endmacro %}

{#- The key of a UTM set as it was written; `is_fallback` says what a campaign means. -#}
{% macro utm_set_id(is_fallback='false') -%}
    {{ surrogate_hash([
        'raw_source', 'raw_medium', 'raw_campaign', 'raw_content', 'raw_term', 'raw_id',
        'cast(' ~ is_fallback ~ ' as text)',
    ]) }}
{%- endmacro %}

{#- AmoCRM's own status ids, the same in every pipeline. -#}
{% macro won_status() -%} 142 {%- endmacro %}
{% macro lost_status() -%} 143 {%- endmacro %}
