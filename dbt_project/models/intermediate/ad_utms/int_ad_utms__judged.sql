with

ad_utms as (
    select * from {{ ref('ad_utms') }}
    where is_current
),

spending as (
    select * from {{ ref('int_ad_utms__spending') }}
),

lookups as (
    select * from {{ ref('int_ad_utms__lookups') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

shared_tags as (
    select * from {{ ref('int_ad_utms__shared_tags') }}
),

misspelt as (
    select * from {{ ref('int_ad_utms__misspelt') }}
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
    where channel <> 'generic_medium'
),

-- A source that says no team by itself may still say one with its medium. The site's
-- name is Facebook's own word for a click: a generic source.
judged as (
    select
        ad_utms.ad_id,
        ad_utms.set_number,
        ad_utms.creative_id,
        ad_utms.place,
        ad_utms.utm_source,
        ad_utms.utm_source_template,
        ad_utms.has_duplicates,
        ad_utms.has_blanks,
        ad_utms.has_broken_macro,
        ad_utms.is_ambiguous,
        spending.last_spend_date,
        utm_teams.team_key as source_team_key,
        shared_tags.lookup_id is not null as is_shared,
        misspelt.suggestion,
        case
            when ad_utms.utm_source_match_kind = 'wildcard' then 'generic'
            when ad_utms.utm_source_match_kind = 'unresolved' then 'unresolved'
            when ad_utms.utm_source is null then 'none'
            when utm_teams.lookup_id is not null then 'mapped'
            when shared_tags.lookup_id is not null then 'mapped'
            when classified_sources.value is not null then 'generic'
            when misspelt.utm_source is not null then 'misspelt'
            else 'unknown'
        end as source_kind
    from ad_utms
    inner join spending on ad_utms.ad_id = spending.ad_id
    left join lookups
        on ad_utms.ad_id = lookups.ad_id and ad_utms.set_number = lookups.set_number
    left join utm_teams on lookups.lookup_id = utm_teams.lookup_id
    left join shared_tags on lookups.lookup_id = shared_tags.lookup_id
    left join misspelt
        on ad_utms.utm_source = misspelt.utm_source
        and spending.last_spend_date = misspelt.event_date
    left join classified_sources on ad_utms.utm_source = classified_sources.value
)

select * from judged
