{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}

with

parameters as (
    select * from {{ ref('int_ad_utms__parameters') }}
),

-- What stands at one place, as a set.
sets as (
    select
        creative_id,
        place,
        place_rank,
        position,
        max(short_link_id) as short_link_id,
        {%- for field in fields %}
        max(case when parameter = 'utm_{{ field }}' then template end)
            as utm_{{ field }}_template,
        {%- endfor %}
        {{ any_of('is_duplicate') }} as has_duplicates,
        {{ any_of('is_blank') }} as has_blanks
    from parameters
    group by creative_id, place, place_rank, position
)

select * from sets
