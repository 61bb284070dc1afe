{#- Series of days, used in from clauses. -#}
{% macro create_table_functions() %}
create or replace function util.days(first_day date, last_day date)
returns setof date
language sql immutable parallel safe as $function$
    select cast(days.day as date)
    from generate_series(
        cast(first_day as timestamp), cast(last_day as timestamp), interval '1 day'
    ) as days (day)
$function$;

create or replace function util.weeks(first_week date, last_week date)
returns setof date
language sql immutable parallel safe as $function$
    select cast(weeks.week as date)
    from generate_series(
        date_trunc('week', cast(first_week as timestamp)),
        cast(last_week as timestamp),
        interval '7 days'
    ) as weeks (week)
$function$;
{% endmacro %}
