{#- Instants: whatever type a source drifted to, a value without a zone is UTC. -#}
{% macro create_time_functions() %}
create or replace function util.utc(value timestamptz) returns timestamptz
language sql immutable parallel safe return
    case
        when value >= timestamptz '0001-01-01 00:00:00+00'
            and value < timestamptz '9999-12-31 00:00:00+00'
            then value
    end;

create or replace function util.utc(value timestamp) returns timestamptz
language sql immutable parallel safe return
    util.utc(value at time zone 'UTC');

create or replace function util.utc(value date) returns timestamptz
language sql immutable parallel safe return
    util.utc(cast(value as timestamp) at time zone 'UTC');

-- Unix seconds, as AmoCRM writes time; 0 is no time.
create or replace function util.utc(value bigint) returns timestamptz
language sql immutable parallel safe return
    case when value > 0 and value < 250000000000 then to_timestamp(value) end;

-- Text: ISO 8601 only, so that words like "now" and "today" mean nothing.
create or replace function util.utc(value text) returns timestamptz
language plpgsql immutable parallel safe
set timezone = 'UTC' set datestyle = 'ISO, YMD' as $function$
begin
    if value ~ '^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}' then
        return util.utc(cast(value as timestamptz));
    end if;
    return null;
exception
    when data_exception then return null;
end
$function$;

-- Days that a source calls days; an instant is cut in UTC.
create or replace function util.day(value date) returns date
language sql immutable parallel safe return
    case when value >= date '0001-01-01' and value < date '9999-12-31' then value end;

create or replace function util.day(value timestamp) returns date
language sql immutable parallel safe return
    util.day(cast(value as date));

create or replace function util.day(value timestamptz) returns date
language sql immutable parallel safe return
    util.day(cast(value at time zone 'UTC' as date));

create or replace function util.day(value text) returns date
language sql immutable parallel safe return
    util.day(util.utc(substring(value from '^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}')));
{% endmacro %}
