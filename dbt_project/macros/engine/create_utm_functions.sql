{#- UTM values: one normal form for what people and macros write. -#}
{% macro create_utm_functions() %}
-- Decoded, squeezed, NFKC, lower case. A plus is a space only in encoded text.
create or replace function util.utm_clean(value text) returns text
language sql immutable parallel safe return
    util.squeeze(lower(normalize(
        util.squeeze(util.percent_decode(
            case
                when position('%' in value) > 0 and position(' ' in value) = 0
                    then replace(value, '+', ' ')
                else value
            end
        )),
        nfkc
    )));

create or replace function util.utm_issue(value text) returns text
language sql immutable parallel safe return
    case
        when position(repeat('{', 2) in util.utm_clean(value)) > 0
            or position(repeat('}', 2) in util.utm_clean(value)) > 0
            then 'macro_unexpanded'
    end;

create or replace function util.utm_usable(value text) returns text
language sql immutable parallel safe return
    case
        when value in (
            ''
            {%- for blank in var('utm_blank_values') %}, '{{ blank }}'{% endfor %}
        ) then null
        when position(repeat('{', 2) in value) > 0 then null
        when position(repeat('}', 2) in value) > 0 then null
        else value
    end;

create or replace function util.utm_norm(value text) returns text
language sql immutable parallel safe return
    util.utm_usable(util.utm_clean(value));
{% endmacro %}
