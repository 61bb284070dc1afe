{#- Proof that a relation has the key that its YAML declares. -#}
{% macro create_key_functions() %}
-- Fails unless no two rows share the key and none of its parts is NULL. A table gets
-- it as its primary key; a view, an expression and a value too long for an index are
-- counted. The values themselves may be personal: they are never named.
create or replace function util.prove_key(relation regclass, key text, is_new boolean)
returns void
language plpgsql
as $function$
declare
    repeated bigint;
    incomplete bigint;
begin
    if is_new and key ~ '^[a-z0-9_, ]+$' then
        begin
            execute format('alter table %s add primary key (%s)', relation, key);
            return;
        exception
            when unique_violation or not_null_violation or program_limit_exceeded then
                null;
        end;
    end if;
    execute format(
        'select
            count(*) filter (where keys.row_count > 1),
            count(*) filter (where keys.has_null)
        from (
            select count(*) as row_count, num_nulls(%1$s) > 0 as has_null
            from %2$s
            group by %1$s
        ) as keys',
        key,
        relation
    ) into repeated, incomplete;
    if repeated + incomplete > 0 then
        raise exception using
            errcode = 'unique_violation',
            message = format(
                '%s: (%s) is no key: %s values of it are on several rows, %s hold a'
                ' NULL',
                relation, key, repeated, incomplete
            ),
            hint = 'What the last build made is kept. Group the rows of the compiled SQL'
                ' by these columns to see which; then correct the join that repeats'
                ' them, or meta.key in the YAML.';
    end if;
end
$function$;
{% endmacro %}
