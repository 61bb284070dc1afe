{#- Numbers and ids out of text: what is no number is NULL, never an error. -#}
{% macro create_number_functions() %}
-- Quotes are trimmed, so that a number inside a JSON string counts, and zeros at the
-- end of a fraction, so that a source's scale changes nothing.
create or replace function util.try_numeric(value text) returns numeric
language sql immutable parallel safe return
    case
        when btrim(value, E' "\\\t\r\n')
            ~ '^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?$'
            then trim_scale(cast(btrim(value, E' "\\\t\r\n') as numeric))
    end;

-- Beyond ten trillion it is a slip of the finger, and no sum could hold many of them.
create or replace function util.money(value text) returns numeric
language sql immutable parallel safe return
    case
        when abs(util.try_numeric(value)) < 1e13 then util.try_numeric(value)
    end;

create or replace function util.whole_number(value text) returns bigint
language sql immutable parallel safe return
    case
        when abs(util.try_numeric(value)) < 9e18
            then cast(util.try_numeric(value) as bigint)
    end;

create or replace function util.try_bigint(value text) returns bigint
language sql immutable parallel safe return
    case
        when btrim(value, E' \t\r\n') !~ '^[0-9]+$' then null
        when length(ltrim(btrim(value, E' \t\r\n'), '0')) > 19 then null
        when cast(btrim(value, E' \t\r\n') as numeric) > 9223372036854775807 then null
        else cast(btrim(value, E' \t\r\n') as bigint)
    end;

-- Anything that means yes or no; NULL when it means neither.
create or replace function util.try_boolean(value text) returns boolean
language sql immutable parallel safe return
    case
        when lower(btrim(value, E' "\t\r\n')) in ('true', 't', 'yes', 'y', 'on', '1')
            then true
        when lower(btrim(value, E' "\t\r\n')) in ('false', 'f', 'no', 'n', 'off', '0')
            then false
    end;

-- Ad accounts have one spelling: act_<digits>.
create or replace function util.account_id(value text) returns text
language sql immutable parallel safe return
    case
        when lower(value) ~ '^\s*(act[_=]?)?\s*[0-9]+\s*$'
            then 'act_' || regexp_replace(value, '[^0-9]', '', 'g')
    end;
{% endmacro %}
