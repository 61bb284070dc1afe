{#- What AmoCRM writes its own way. -#}

{#- The day of a field that holds a day: an ISO text, or unix seconds of a midnight in
    UTC, in the account's zone or in Almaty. Another hour of the day names no day. -#}
{% macro crm_day(value) -%}
    {%- set zones = ['UTC', 'Europe/Moscow', var('business_timezone')] -%}
    coalesce(
        {{ source_day("cast(" ~ value ~ " as text)") }},
        case
            {%- for zone in zones %}
            {%- set day = local_date(epoch_utc(value), "'" ~ zone ~ "'") %}
            when {{ day_start(day, "'" ~ zone ~ "'") }} = {{ epoch_utc(value) }}
                then {{ day }}
            {%- endfor %}
        end
    )
{%- endmacro %}

{#- A UTM value as people may see it: never somebody's phone or address. -#}
{% macro crm_utm_shown(value) -%}
    case
        when {{ is_phone_like(value) }} or {{ contains(value, "'@'") }} then '(masked)'
        else {{ value }}
    end
{%- endmacro %}

{#- Pipeline and stage as one value of a deal's history, and its parts. -#}
{% macro crm_stage(pipeline_id, status_id) -%}
    coalesce(cast({{ pipeline_id }} as text), '') || ':' || cast({{ status_id }} as text)
{%- endmacro %}

{% macro crm_pipeline_of(stage) -%}
    {{ try_bigint("split_part(" ~ stage ~ ", ':', 1)") }}
{%- endmacro %}

{% macro crm_status_of(stage) -%}
    {{ try_bigint("split_part(" ~ stage ~ ", ':', 2)") }}
{%- endmacro %}
