{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}

with

ads as (
    select * from {{ ref('int_ad_utms__ads') }}
),

sets as (
    select * from {{ ref('int_ad_utms__creative_sets') }}
),

resolved as (
    select * from {{ ref('int_ad_utms__resolved') }}
)

select
    ads.ad_id,
    ads.creative_id,
    sets.set_number,
    ads.account_id as ad_account_id,
    ads.campaign_id,
    ads.ad_set_id,
    ads.is_current,
    ads.seen_from,
    ads.seen_until,
    sets.place,
    sets.short_link_id,
    {%- for field in fields %}
    sets.utm_{{ field }}_template,
    {%- endfor %}
    {%- for field in fields %}
    resolved.utm_{{ field }},
    {%- endfor %}
    {%- for field in fields %}
    resolved.utm_{{ field }}_match_kind,
    {%- endfor %}
    coalesce(resolved.match_kind, 'literal') as match_kind,
    coalesce(resolved.candidates, cast('[]' as {{ json_type() }})) as candidates,
    sets.has_duplicates,
    sets.has_blanks,
    coalesce(resolved.has_broken_macro, false) as has_broken_macro,
    sets.is_ambiguous
from ads
inner join sets on ads.creative_id = sets.creative_id
left join resolved
    on
        ads.ad_id = resolved.ad_id
        and sets.creative_id = resolved.creative_id
        and sets.set_number = resolved.set_number
