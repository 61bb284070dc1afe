{#- Phones and e-mails: a field may hold a list, each part is judged alone. -#}
{% macro create_contact_functions() %}
-- One phone as +<digits>; NULL when it is none. Kazakhstan when in doubt.
create or replace function util.phone(value text) returns text
language plpgsql immutable parallel safe strict as $function$
declare
    digits text := regexp_replace(
        regexp_replace(value, '\.0\s*$', ''), '[^0-9]', '', 'g'
    );
begin
    if digits ~ '^([0-9])\1*$' then
        return null;
    end if;
    -- +7 8 701 ... : both the country and the trunk prefix were typed.
    if digits ~ '^78[0-9]{10}$' then
        digits := '7' || substr(digits, 3);
    elsif digits ~ '^8[0-9]{10}$' then
        digits := '7' || substr(digits, 2);
    elsif digits ~ '^[0-9]{10}$' then
        digits := '7' || digits;
    end if;
    -- Junk under an 8 is junk under a 7 too.
    return case
        when digits ~ '^([0-9])\1*$' then null
        when digits ~ '^[0-9]{11,15}$' then '+' || digits
    end;
end
$function$;

create or replace function util.contact_parts(value text)
returns table (part text, place bigint)
language sql immutable parallel safe as $function$
    select parts.part, parts.place
    from regexp_split_to_table(
        util.drop_format_characters(normalize(value, nfkc)), '[,;/|]'
    ) with ordinality as parts (part, place)
$function$;

create or replace function util.phones(value text) returns text[]
language sql immutable parallel safe as $function$
    select coalesce(array_agg(phones.phone order by phones.place), '{}')
    from (
        select util.phone(parts.part) as phone, min(parts.place) as place
        from util.contact_parts(value) as parts
        group by util.phone(parts.part)
    ) as phones
    where phones.phone is not null
$function$;

-- unknown.* is the domain that a lead hook invents.
create or replace function util.emails(value text) returns text[]
language sql immutable parallel safe as $function$
    select coalesce(array_agg(emails.email order by emails.place), '{}')
    from (
        select lower(util.squeeze(parts.part)) as email, min(parts.place) as place
        from util.contact_parts(value) as parts
        group by lower(util.squeeze(parts.part))
    ) as emails
    where
        emails.email ~ '^[^@\s]+@[^@\s]+$'
        and emails.email !~ '@unknown\.'
$function$;
{% endmacro %}
