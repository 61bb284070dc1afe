{#- Links and tags: the parameters of a query, and how far two words are apart. -#}
{% macro create_url_functions() %}
-- The query of a link, or tags that are a query themselves; no fragment.
create or replace function util.url_query(value text, is_tags boolean) returns text
language sql immutable parallel safe return
    ltrim(
        case
            when is_tags then split_part(value, '#', 1)
            when position('?' in split_part(value, '#', 1)) > 0
                then regexp_replace(split_part(value, '#', 1), '^[^?]*[?]', '')
            else left(value, 0)
        end,
        E'?& \t\r\n'
    );

-- Parameters in their order: a plus is a space, then decoded once.
create or replace function util.query_parameters(query text)
returns table (name text, value text, place bigint)
language sql immutable parallel safe rows 5 as $function$
    select
        lower(util.squeeze(util.percent_decode(
            replace(split_part(pairs.pair, '=', 1), '+', ' ')
        ))),
        util.squeeze(util.percent_decode(replace(
            case
                when position('=' in pairs.pair) > 0
                    then substring(pairs.pair from position('=' in pairs.pair) + 1)
                else ''
            end,
            '+', ' '
        ))),
        pairs.place
    from regexp_split_to_table(query, '&') with ordinality as pairs (pair, place)
    where pairs.pair <> ''
$function$;

-- Letters to add, drop, change or swap with a neighbour; long words are cut.
create or replace function util.edit_distance(one text, other text) returns int
language plpgsql immutable parallel safe strict as $function$
declare
    first_word text[] := string_to_array(left(one, 100), null);
    second_word text[] := string_to_array(left(other, 100), null);
    columns int := cardinality(second_word);
    older int[];
    old int[];
    new int[];
    cost int;
begin
    select array_agg(steps.step order by steps.step) into old
    from generate_series(0, columns) as steps (step);
    for i in 1 .. cardinality(first_word) loop
        new := array[i];
        for j in 1 .. columns loop
            cost := case when first_word[i] = second_word[j] then 0 else 1 end;
            new[j + 1] := least(old[j + 1] + 1, new[j] + 1, old[j] + cost);
            if i > 1 and j > 1
                and first_word[i] = second_word[j - 1]
                and first_word[i - 1] = second_word[j]
            then
                new[j + 1] := least(new[j + 1], older[j - 1] + 1);
            end if;
        end loop;
        older := old;
        old := new;
    end loop;
    return old[columns + 1];
end
$function$;
{% endmacro %}
