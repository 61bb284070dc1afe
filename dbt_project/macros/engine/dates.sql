{#- Days. An Almaty day is made here and nowhere else. -#}
{% macro almaty_date(instant) -%}
    {{ local_date(instant, "'" ~ var("business_timezone") ~ "'") }}
{%- endmacro %}

{#- The day of an instant in a zone (an expression: quote a literal). -#}
{% macro local_date(instant, zone) -%}
    {{ return(adapter.dispatch("local_date", "traffic")(instant, zone)) }}
{%- endmacro %}

{% macro default__local_date(instant, zone) -%}
    cast({{ instant }} at time zone {{ zone }} as date)
{%- endmacro %}

{#- The instant at which a day begins: of Almaty, or of the zone given. -#}
{% macro day_start(day, zone=none) -%}
    {{ return(adapter.dispatch("day_start", "traffic")(
        day, zone or "'" ~ var("business_timezone") ~ "'"
    )) }}
{%- endmacro %}

{% macro default__day_start(day, zone) -%}
    (cast({{ day }} as timestamp) at time zone {{ zone }})
{%- endmacro %}

{#- The instant at which the clocks of a zone show an hour (0 to 23) of a day. One that
    they show twice is the later; one that they skip is the hour after it. -#}
{% macro hour_start(day, hour, zone) -%}
    {{ return(adapter.dispatch("hour_start", "traffic")(day, hour, zone)) }}
{%- endmacro %}

{% macro default__hour_start(day, hour, zone) -%}
    ((cast({{ day }} as timestamp) + {{ hour }} * interval '1 hour')
        at time zone {{ zone }})
{%- endmacro %}

{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch("add_days", "traffic")(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    (cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{#- Whole days from the first to the second. -#}
{% macro days_apart(first_day, second_day) -%}
    {{ return(adapter.dispatch("days_apart", "traffic")(first_day, second_day)) }}
{%- endmacro %}

{% macro default__days_apart(first_day, second_day) -%}
    (cast({{ second_day }} as date) - cast({{ first_day }} as date))
{%- endmacro %}

{#- Hours from the first instant to the second, with fraction. -#}
{% macro hours_apart(first_instant, second_instant) -%}
    {{ return(adapter.dispatch("hours_apart", "traffic")(
        first_instant, second_instant
    )) }}
{%- endmacro %}

{% macro default__hours_apart(first_instant, second_instant) -%}
    (extract(epoch from ({{ second_instant }} - {{ first_instant }})) / 3600)
{%- endmacro %}

{% macro add_hours(instant, hours) -%}
    {{ return(adapter.dispatch("add_hours", "traffic")(instant, hours)) }}
{%- endmacro %}

{% macro default__add_hours(instant, hours) -%}
    ({{ instant }} + {{ hours }} * interval '1 hour')
{%- endmacro %}

{#- Monday of the week, first of the month. -#}
{% macro week_start(day) -%}
    cast(date_trunc('week', cast({{ day }} as timestamp)) as date)
{%- endmacro %}

{% macro month_start(day) -%}
    cast(date_trunc('month', cast({{ day }} as timestamp)) as date)
{%- endmacro %}

{#- ISO week number and the ISO year it belongs to. -#}
{% macro iso_week(day) %}cast(extract(week from {{ day }}) as integer){% endmacro %}

{% macro iso_year(day) %}cast(extract(isoyear from {{ day }}) as integer){% endmacro %}
