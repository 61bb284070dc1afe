with

versions as (
    select * from {{ ref('stg_facebook__object_versions') }}
    where attribute = 'name' and value <> ''
),

campaigns as (
    select * from {{ ref('stg_facebook__campaigns') }}
),

ad_sets as (
    select * from {{ ref('stg_facebook__ad_sets') }}
),

ads as (
    select * from {{ ref('stg_facebook__ads') }}
),

-- Today's name comes last: it is new only where the ledger has not seen it.
seen as (
    select object_kind, object_id, value as name, seen_from, 1 as source_rank
    from versions
    union all
    select
        'campaign' as object_kind, campaign_id as object_id, campaign_name as name,
        cast(null as timestamp with time zone) as seen_from, 2 as source_rank
    from campaigns
    where campaign_name is not null
    union all
    select
        'ad_set' as object_kind, ad_set_id as object_id, ad_set_name as name,
        cast(null as timestamp with time zone) as seen_from, 2 as source_rank
    from ad_sets
    where ad_set_name is not null
    union all
    select
        'ad' as object_kind, ad_id as object_id, ad_name as name,
        cast(null as timestamp with time zone) as seen_from, 2 as source_rank
    from ads
    where ad_name is not null
),

distinct_names as (
    select
        object_kind,
        object_id,
        name,
        min(source_rank) as source_rank,
        min(seen_from) as seen_from
    from seen
    group by object_kind, object_id, name
),

numbered as (
    select
        object_kind,
        object_id,
        cast(
            row_number() over (
                partition by object_kind, object_id
                order by source_rank, seen_from, name
            ) as integer
        ) as name_number,
        name
    from distinct_names
)

select * from numbered
