{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}

with

places as (
    select * from {{ ref('int_ad_utms__places') }}
),

tags as (
    select * from places
    where place = 'url_tags'
),

links as (
    select * from places
    where place <> 'url_tags'
),

-- Facebook appends the tags to every link: where they do not contradict each other,
-- the visitor brings both as one set.
compared as (
    select
        links.*,
        tags.creative_id is not null
        {%- for field in fields %}
        and (
            coalesce(tags.utm_{{ field }}_template, '') = ''
            or coalesce(links.utm_{{ field }}_template, '') = ''
            or lower(tags.utm_{{ field }}_template) = lower(links.utm_{{ field }}_template)
        )
        {%- endfor %}
            as is_merged
    from links
    left join tags on links.creative_id = tags.creative_id
),

effective as (
    select
        compared.creative_id,
        case when compared.is_merged then tags.place else compared.place end as place,
        case
            when compared.is_merged then tags.place_rank else compared.place_rank
        end as place_rank,
        compared.place_rank as link_rank,
        compared.position,
        compared.short_link_id,
        {%- for field in fields %}
        case
            when compared.is_merged
                then coalesce(
                    nullif(tags.utm_{{ field }}_template, ''),
                    compared.utm_{{ field }}_template,
                    tags.utm_{{ field }}_template
                )
            else compared.utm_{{ field }}_template
        end as utm_{{ field }}_template,
        {%- endfor %}
        compared.has_duplicates
        or (compared.is_merged and tags.has_duplicates) as has_duplicates,
        compared.has_blanks or (compared.is_merged and tags.has_blanks) as has_blanks
    from compared
    left join tags on compared.creative_id = tags.creative_id
    union all
    select
        tags.creative_id,
        tags.place,
        tags.place_rank,
        tags.place_rank as link_rank,
        tags.position,
        tags.short_link_id,
        {%- for field in fields %}
        tags.utm_{{ field }}_template,
        {%- endfor %}
        tags.has_duplicates,
        tags.has_blanks
    from tags
    left join compared on tags.creative_id = compared.creative_id and compared.is_merged
    where compared.creative_id is null
),

keyed as (
    select
        *,
        {{ surrogate_hash([
            "lower(coalesce(utm_source_template, ''))",
            "lower(coalesce(utm_medium_template, ''))",
            "lower(coalesce(utm_campaign_template, ''))",
            "lower(coalesce(utm_content_template, ''))",
            "lower(coalesce(utm_term_template, ''))",
            "lower(coalesce(utm_id_template, ''))",
        ]) }} as set_key
    from effective
),

-- The same set in several places is one set, at the first of them.
ranked as (
    select
        *,
        row_number() over (
            partition by creative_id, set_key order by place_rank, link_rank, position
        ) as place_number,
        max(case when has_duplicates then 1 else 0 end) over (
            partition by creative_id, set_key
        ) = 1 as has_any_duplicates,
        max(case when has_blanks then 1 else 0 end) over (
            partition by creative_id, set_key
        ) = 1 as has_any_blanks
    from keyed
),

distinct_sets as (
    select
        creative_id,
        cast(
            row_number() over (
                partition by creative_id order by place_rank, link_rank, position
            ) as integer
        ) as set_number,
        place,
        position,
        short_link_id,
        {%- for field in fields %}
        utm_{{ field }}_template,
        {%- endfor %}
        has_any_duplicates as has_duplicates,
        has_any_blanks as has_blanks,
        count(*) over (partition by creative_id) > 1 as is_ambiguous
    from ranked
    where place_number = 1
)

select * from distinct_sets
