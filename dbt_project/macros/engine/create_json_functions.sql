{#- JSON: strings that hold JSON are unwrapped, what is no JSON is NULL. -#}
{% macro create_json_functions() %}
create or replace function util.parse_json(value text) returns jsonb
language plpgsql immutable parallel safe strict as $function$
declare
    parsed jsonb;
begin
    -- An escaped NUL is legal JSON but no text that PostgreSQL can hold.
    parsed := cast(
        regexp_replace(value, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g') as jsonb
    );
    if jsonb_typeof(parsed) = 'string' then
        return util.parse_json(parsed #>> '{}');
    end if;
    return nullif(parsed, 'null');
exception
    when data_exception or statement_too_complex then return null;
end
$function$;

create or replace function util.json(value jsonb) returns jsonb
language sql immutable parallel safe return
    case jsonb_typeof(value)
        when 'string' then util.parse_json(value #>> '{}')
        when 'null' then null
        else value
    end;

create or replace function util.json(value json) returns jsonb
language sql immutable parallel safe return
    util.parse_json(cast(value as text));

create or replace function util.json(value text) returns jsonb
language sql immutable parallel safe return
    util.parse_json(value);

-- The elements of an array and their places; anything else has none.
create or replace function util.json_elements(value jsonb)
returns table (item jsonb, place bigint)
language sql immutable parallel safe rows 5 as $function$
    select items.item, items.place
    from jsonb_array_elements(
        case when jsonb_typeof(value) = 'array' then value else '[]' end
    ) with ordinality as items (item, place)
$function$;

create or replace function util.text_array(value jsonb) returns text[]
language sql immutable parallel safe as $function$
    select coalesce(
        array_agg(btrim(items.item #>> '{}') order by items.place), '{}'
    )
    from jsonb_array_elements(
        case jsonb_typeof(util.json(value))
            when 'array' then util.json(value)
            when 'number' then jsonb_build_array(value)
            else '[]'
        end
    ) with ordinality as items (item, place)
    where btrim(items.item #>> '{}') <> ''
$function$;

create or replace function util.text_array(value anyarray) returns text[]
language sql immutable parallel safe as $function$
    select coalesce(array_agg(btrim(items.item) order by items.place), '{}')
    from unnest(cast(value as text[])) with ordinality as items (item, place)
    where btrim(items.item) <> ''
$function$;

-- A list in text: JSON, an array literal or separated values.
create or replace function util.text_array(value text) returns text[]
language plpgsql immutable parallel safe as $function$
begin
    if value ~ '^\s*[["]' then
        return util.text_array(util.parse_json(value));
    elsif value ~ '^\s*\{.*\}\s*$' then
        return util.text_array(cast(btrim(value) as text[]));
    end if;
    return util.text_array(regexp_split_to_array(coalesce(value, ''), '[,;|\s]+'));
exception
    when data_exception then return '{}';
end
$function$;
{% endmacro %}
