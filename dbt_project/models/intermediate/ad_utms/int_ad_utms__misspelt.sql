with

lookups as (
    select * from {{ ref('int_ad_utms__lookups') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

mapped_sources as (
    select * from {{ ref('int_ad_utms__mapped_sources') }}
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
    where channel <> 'generic_medium'
),

unknown_sources as (
    select distinct
        lookups.utm_source,
        lookups.event_date
    from lookups
    left join utm_teams on lookups.lookup_id = utm_teams.lookup_id
    left join classified_sources on lookups.utm_source = classified_sources.value
    where utm_teams.lookup_id is null and classified_sources.value is null
),

-- Two slips at most, and fewer than half of the letters: short words are all alike.
compared as (
    select
        unknown_sources.utm_source,
        unknown_sources.event_date,
        mapped_sources.utm_source as mapped_source,
        {{ edit_distance('unknown_sources.utm_source', 'mapped_sources.utm_source') }}
            as slips
    from unknown_sources
    inner join mapped_sources
        on unknown_sources.event_date >= mapped_sources.valid_from
        and unknown_sources.event_date < mapped_sources.valid_to
),

alike as (
    select
        utm_source,
        event_date,
        min(mapped_source) as suggestion
    from compared
    where
        slips <= 2
        and slips * 2 < least(length(utm_source), length(mapped_source))
    group by utm_source, event_date
    having count(distinct mapped_source) = 1 and min(slips) > 0
)

select * from alike
