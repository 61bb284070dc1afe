{#- Text: spaces, format characters, percent-encoding, tokens. -#}
{% macro create_text_functions() %}
-- Any run of Unicode white space is one space; none at the ends.
create or replace function util.squeeze(value text) returns text
language sql immutable parallel safe return
    btrim(regexp_replace(
        value,
        '[\s\u001c-\u001f\u0085\u00a0\u1680\u2000-\u200a'
        '\u2028\u2029\u202f\u205f\u3000]+',
        ' ', 'g'
    ));

-- Soft hyphens, zero widths, direction marks and the byte order mark.
create or replace function util.drop_format_characters(value text) returns text
language sql immutable parallel safe return
    regexp_replace(
        value,
        '[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f'
        '\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]',
        '', 'g'
    );

create or replace function util.team_key(value text) returns text
language sql immutable parallel safe return
    nullif(lower(util.squeeze(value)), '');

-- ' a b c ' for 'A_b-C': a run of tokens is contained when its text is.
create or replace function util.tokens(value text) returns text
language sql immutable parallel safe return
    ' ' || btrim(regexp_replace(lower(value), '[^[:alnum:]]+', ' ', 'g')) || ' ';

-- Bytes as UTF-8; each ill-formed part becomes U+FFFD, NUL disappears.
create or replace function util.decode_utf8(value bytea) returns text
language plpgsql immutable parallel safe strict as $function$
declare
    decoded text := '';
    at_byte int := 0;
    taken int;
    needed int;
    code int;
    byte int;
    least int;
    most int;
begin
    return convert_from(value, 'UTF8');
exception when data_exception then
    while at_byte < length(value) loop
        byte := get_byte(value, at_byte);
        taken := 1;
        least := case byte when 224 then 160 when 240 then 144 else 128 end;
        most := case byte when 237 then 159 when 244 then 143 else 191 end;
        needed := case
            when byte < 128 then 0
            when byte between 194 and 223 then 1
            when byte between 224 and 239 then 2
            when byte between 240 and 244 then 3
        end;
        code := case needed
            when 0 then byte when 1 then byte & 31 when 2 then byte & 15 else byte & 7
        end;
        while taken <= needed and at_byte + taken < length(value) loop
            byte := get_byte(value, at_byte + taken);
            exit when byte not between least and most;
            code := code * 64 + (byte & 63);
            least := 128;
            most := 191;
            taken := taken + 1;
        end loop;
        if needed is null or taken <= needed then
            decoded := decoded || U&'\FFFD';
        elsif code > 0 then
            decoded := decoded || chr(code);
        end if;
        at_byte := at_byte + taken;
    end loop;
    return decoded;
end
$function$;

-- Once and tolerant: what is no %XX stays as it is.
create or replace function util.percent_decode(value text) returns text
language plpgsql immutable parallel safe strict as $function$
begin
    if value !~ '%[0-9a-fA-F]{2}' then
        return value;
    end if;
    return (
        select string_agg(
            coalesce(
                util.decode_utf8(decode(replace(parts.part[1], '%', ''), 'hex')),
                parts.part[2]
            ),
            '' order by parts.position
        )
        from regexp_matches(value, '((?:%[0-9a-fA-F]{2})+)|([^%]+|%)', 'g')
            with ordinality as parts (part, position)
    );
end
$function$;
{% endmacro %}
