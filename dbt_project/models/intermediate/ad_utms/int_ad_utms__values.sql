{%- set fields = ['source', 'medium', 'campaign', 'content', 'term', 'id'] -%}
{%- set id_macros = ['campaign.id', 'adset.id', 'ad.id'] -%}
{%- set name_macros = ['campaign.name', 'adset.name', 'ad.name'] -%}
{%- set click_macros = ['placement', 'site_source_name'] -%}
{%- set kinds = ['campaign', 'ad_set', 'ad'] -%}

with

ads as (
    select * from {{ ref('int_ad_utms__ads') }}
),

sets as (
    select * from {{ ref('int_ad_utms__creative_sets') }}
),

names as (
    select * from {{ ref('int_ad_utms__names') }}
),

templates as (
    {%- for field in fields %}
    select
        creative_id,
        set_number,
        'utm_{{ field }}' as parameter,
        utm_{{ field }}_template as template
    from sets
    where
        {{ utm_norm('utm_' ~ field ~ '_template') }} is not null
        or {{ utm_issue('utm_' ~ field ~ '_template') }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

judged as (
    select
        *,
        {{ has_broken_url_macro('template', id_macros + name_macros + click_macros) }}
            as is_broken,
        {{ has_url_macro('template', click_macros) }} as is_wildcard,
        {{ has_url_macro('template', name_macros) }} as has_name,
        {{ has_url_macro('template', id_macros) }} as has_id
    from templates
),

-- A name macro stands for the name at the first publish, which may be any that was
-- seen: each makes a value of its own, the first seen one first.
named as (
    select
        ads.ad_id,
        ads.ad_set_id,
        ads.campaign_id,
        judged.*,
        {%- for kind in kinds %}
        {{ kind }}_names.name as {{ kind }}_name,
        coalesce({{ kind }}_names.name_number, 1) as {{ kind }}_number,
        {%- endfor %}
        {%- for kind in kinds %}
        (
            {{ has_url_macro('judged.template', [name_macros[loop.index0]]) }}
            and {{ kind }}_names.name is null
        )
        or (
            {{ has_url_macro('judged.template', [id_macros[loop.index0]]) }}
            and ads.{{ kind }}_id is null
        )
        {{ 'or' if not loop.last }}
        {%- endfor %}
            as is_unknown
    from ads
    inner join judged on ads.creative_id = judged.creative_id
    {%- for kind in kinds %}
    left join names as {{ kind }}_names
        on
            {{ kind }}_names.object_kind = '{{ kind }}'
            and ads.{{ kind }}_id = {{ kind }}_names.object_id
            and {{ has_url_macro('judged.template', [name_macros[loop.index0]]) }}
    {%- endfor %}
),

filled as (
    select
        ad_id,
        creative_id,
        set_number,
        parameter,
        template,
        campaign_number,
        ad_set_number,
        ad_number,
        case
            when is_broken or is_unknown then 'unresolved'
            when is_wildcard then 'wildcard'
            when has_name and campaign_number = 1 and ad_set_number = 1 and ad_number = 1
                then 'first_seen_name'
            when has_name then 'later_name'
            when has_id then 'id_macro'
            else 'literal'
        end as match_kind,
        is_broken,
        {{ fill_url_macros(
            fill_url_macros(
                'template', id_macros, ['campaign_id', 'ad_set_id', 'ad_id']
            ),
            name_macros,
            ['campaign_name', 'ad_set_name', 'ad_name'],
        ) }} as filled_template
    from named
),

normalised as (
    select
        ad_id,
        creative_id,
        set_number,
        parameter,
        cast(
            row_number() over (
                partition by ad_id, creative_id, set_number, parameter
                order by
                    campaign_number + ad_set_number + ad_number,
                    campaign_number, ad_set_number
            ) as integer
        ) as value_number,
        template,
        case
            when match_kind not in ('unresolved', 'wildcard')
                then {{ utm_norm('filled_template') }}
        end as value,
        match_kind,
        is_broken
    from filled
)

select * from normalised
