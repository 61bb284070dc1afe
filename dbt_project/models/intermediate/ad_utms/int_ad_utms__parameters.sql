{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}

with

links as (
    select * from {{ ref('int_ad_utms__links') }}
),

written as (
    select
        links.creative_id,
        links.place,
        links.place_rank,
        links.position,
        links.short_link_id,
        parameters.name,
        parameters.value,
        row_number() over (
            partition by
                links.creative_id, links.place, links.position, parameters.name
            order by parameters.place
        ) as value_number,
        count(*) over (
            partition by
                links.creative_id, links.place, links.position, parameters.name
        ) as value_count
    from links
    cross join lateral {{ query_parameters('links.content', 'links.is_tags') }}
        as parameters (name, value, place)
    where
        parameters.name in (
            {%- for field in fields %}
            'utm_{{ field }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

-- Written twice, the first counts, as it does on the page.
first_values as (
    select
        creative_id,
        place,
        place_rank,
        position,
        short_link_id,
        name as parameter,
        value as template,
        value_count > 1 as is_duplicate,
        {{ utm_norm('value') }} is null and {{ utm_issue('value') }} is null as is_blank
    from written
    where value_number = 1
)

select * from first_values
