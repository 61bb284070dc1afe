{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}

with

utm_values as (
    select * from {{ ref('int_ad_utms__values') }}
),

ranked as (
    select
        *,
        case match_kind
            when 'literal' then 1
            when 'id_macro' then 2
            when 'first_seen_name' then 3
            when 'later_name' then 4
            when 'wildcard' then 5
            else 6
        end as kind_rank
    from utm_values
),

-- The first values of a set; a set is as sure as its least sure value.
pivoted as (
    select
        ad_id,
        creative_id,
        set_number,
        {%- for field in fields %}
        max(case
            when parameter = 'utm_{{ field }}' and value_number = 1 then value
        end) as utm_{{ field }},
        max(case
            when parameter = 'utm_{{ field }}' and value_number = 1 then match_kind
        end) as utm_{{ field }}_match_kind,
        {%- endfor %}
        case max(case when value_number = 1 then kind_rank end)
            when 1 then 'literal'
            when 2 then 'id_macro'
            when 3 then 'first_seen_name'
            when 4 then 'later_name'
            when 5 then 'wildcard'
            else 'unresolved'
        end as match_kind,
        {{ any_of('is_broken') }} as has_broken_macro,
        {{ json_array_agg(
            json_object([
                ['parameter', 'parameter'], ['value', 'value'],
                ['match_kind', 'match_kind'],
            ]),
            'parameter, value_number',
            where='value_number > 1',
        ) }} as candidates
    from ranked
    group by ad_id, creative_id, set_number
)

select * from pivoted
