with

ads as (
    select * from {{ ref('stg_facebook__ads') }}
),

versions as (
    select * from {{ ref('stg_facebook__object_versions') }}
    where object_kind = 'ad' and attribute = 'creative_id' and value <> ''
),

-- The ad itself knows its creative of today, the ledger those before it.
seen as (
    select
        object_id as ad_id,
        value as creative_id,
        seen_from,
        seen_until
    from versions
    union all
    select
        ads.ad_id,
        ads.creative_id,
        cast(null as timestamp with time zone) as seen_from,
        cast(null as timestamp with time zone) as seen_until
    from ads
    where ads.creative_id is not null
),

grouped as (
    select
        ad_id,
        creative_id,
        min(seen_from) as seen_from,
        case
            when count(*) = count(seen_until) then max(seen_until)
        end as seen_until
    from seen
    group by ad_id, creative_id
),

described as (
    select
        grouped.ad_id,
        grouped.creative_id,
        ads.ad_name,
        ads.account_id,
        ads.campaign_id,
        ads.ad_set_id,
        grouped.seen_from,
        grouped.seen_until,
        row_number() over (
            partition by grouped.ad_id
            order by
                case when grouped.creative_id = ads.creative_id then 0 else 1 end,
                grouped.seen_until desc nulls first,
                grouped.seen_from desc nulls last,
                grouped.creative_id desc
        ) = 1 as is_current
    from grouped
    inner join ads on grouped.ad_id = ads.ad_id
)

select * from described
