{%- set issues = {
    'no_source': "judged.source_kind = 'none'",
    'unknown_source': "judged.source_kind = 'unknown'",
    'generic_source': "judged.source_kind = 'generic'",
    'foreign_source': "judged.source_team_key <> spend.team_key",
    'misspelt_source': "judged.source_kind = 'misspelt'",
    'duplicate_parameter': "judged.has_duplicates",
    'blank_value': "judged.has_blanks",
    'broken_macro': "judged.has_broken_macro",
    'shared_tag': "judged.is_shared",
    'ambiguous_utm': "judged.is_ambiguous",
} -%}

with

judged as (
    select * from {{ ref('int_ad_utms__judged') }}
),

spend as (
    select * from {{ ref('int_ad_utms__spend') }}
),

ads as (
    select * from {{ ref('int_ad_utms__ads') }}
    where is_current
),

creatives as (
    select * from {{ ref('stg_facebook__creatives') }}
),

-- An ad whose creative was never read is unknown, not untagged.
untagged as (
    select
        ads.ad_id,
        'no_utm' as issue,
        1 as set_number,
        ads.creative_id,
        cast(null as text) as place,
        cast(null as text) as utm_source,
        cast(null as text) as suggestion,
        cast(null as text) as source_team_key
    from ads
    inner join spend on ads.ad_id = spend.ad_id
    inner join creatives on ads.creative_id = creatives.creative_id
    left join judged on ads.ad_id = judged.ad_id
    where judged.ad_id is null
),

found as (
    select * from untagged
    {%- for issue, condition in issues.items() %}
    union all
    select
        judged.ad_id,
        '{{ issue }}' as issue,
        judged.set_number,
        judged.creative_id,
        judged.place,
        coalesce(judged.utm_source, judged.utm_source_template) as utm_source,
        {{ 'judged.suggestion' if issue == 'misspelt_source' else 'cast(null as text)' }}
            as suggestion,
        {{ 'judged.source_team_key' if issue == 'foreign_source' else 'cast(null as text)' }}
            as source_team_key
    from judged
    inner join spend on judged.ad_id = spend.ad_id
    where {{ condition }}
    {%- endfor %}
),

-- Once per ad: the first set that has the issue shows where to mend it.
first_found as (
    select
        found.*,
        row_number() over (
            partition by ad_id, issue order by set_number
        ) as found_number
    from found
)

select
    ad_id,
    issue,
    creative_id,
    place,
    utm_source,
    suggestion,
    source_team_key
from first_found
where found_number = 1
