{#- What Facebook's documents need: lists of actions, texts at a path. -#}
{% macro create_facebook_functions() %}
-- The value of one action type in an `actions` list of Facebook.
create or replace function util.action_value(actions jsonb, action_type text)
returns numeric
language sql immutable parallel safe return
    util.try_numeric(
        jsonb_path_query_first(
            actions,
            '$[*] ? (@.action_type == $type)',
            jsonb_build_object('type', action_type)
        ) ->> 'value'
    );

-- The first of several choices ([metric, action type], ...) that an insights row has.
-- Loops, because a path with variables costs several times as much per row.
create or replace function util.action_choice(payload jsonb, choices jsonb)
returns numeric
language plpgsql immutable parallel safe as $function$
declare
    actions jsonb;
    wanted text;
    found numeric;
    place int;
begin
    for choice in 0 .. jsonb_array_length(choices) - 1 loop
        actions := payload -> (choices -> choice ->> 0);
        if jsonb_typeof(actions) <> 'array' then
            actions := null;
        end if;
        wanted := choices -> choice ->> 1;
        place := 0;
        while place < jsonb_array_length(actions) loop
            if actions -> place ->> 'action_type' = wanted then
                found := util.try_numeric(actions -> place ->> 'value');
                exit;
            end if;
            place := place + 1;
        end loop;
        exit when found is not null;
    end loop;
    return found;
end
$function$;

-- Every list of actions of an insights row; costs per action are ratios, no actions.
create or replace function util.action_items(payload jsonb)
returns table (
    metric text, action_type text, attribution_window text, value numeric
)
language sql immutable parallel safe rows 20 as $function$
    select
        lists.metric,
        items.item ->> 'action_type',
        case windows.name when 'value' then 'default' else windows.name end,
        util.try_numeric(windows.value)
    from jsonb_each(
        case when jsonb_typeof(payload) = 'object' then payload else '{}' end
    ) as lists (metric, list)
    cross join lateral util.json_elements(lists.list) as items (item, place)
    cross join lateral jsonb_each_text(
        case when jsonb_typeof(items.item) = 'object' then items.item else '{}' end
    ) as windows (name, value)
    where lists.metric not like 'cost\_per\_%'
        and items.item ->> 'action_type' <> ''
        and windows.name ~ '^(value|[0-9]+d_[a-z_]+|dda|inline|skan_[a-z_]+)$'
        and util.try_numeric(windows.value) is not null
$function$;

-- Texts at a path of SQL/JSON and their places; what is no text there has none.
create or replace function util.json_texts(value jsonb, path text)
returns table (item text, place bigint)
language sql immutable parallel safe rows 1 as $function$
    select btrim(found.item #>> '{}'), found.place
    from jsonb_path_query(value, cast(path as jsonpath), '{}', true)
        with ordinality as found (item, place)
    where jsonb_typeof(found.item) = 'string' and btrim(found.item #>> '{}') <> ''
$function$;
{% endmacro %}
