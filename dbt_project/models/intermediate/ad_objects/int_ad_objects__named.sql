with

campaigns as (
    select * from {{ ref('stg_facebook__campaigns') }}
),

ad_sets as (
    select * from {{ ref('stg_facebook__ad_sets') }}
),

ads as (
    select * from {{ ref('stg_facebook__ads') }}
),

creatives as (
    select * from {{ ref('stg_facebook__creatives') }}
),

spend as (
    select * from {{ ref('int_ad_objects__spend') }}
),

listed as (
    select
        'campaign' as object_kind,
        campaign_id as object_id,
        account_id,
        campaign_id,
        cast(null as text) as ad_set_id,
        campaign_name as object_name,
        status,
        effective_status,
        cast(null as {{ json_type() }}) as targeting,
        cast(null as text) as ad_format,
        cast(null as text) as creative_url
    from campaigns
    union all
    select
        'ad_set' as object_kind,
        ad_set_id as object_id,
        account_id,
        campaign_id,
        ad_set_id,
        ad_set_name as object_name,
        status,
        effective_status,
        targeting,
        cast(null as text) as ad_format,
        cast(null as text) as creative_url
    from ad_sets
    union all
    select
        'ad' as object_kind,
        ads.ad_id as object_id,
        ads.account_id,
        ads.campaign_id,
        ads.ad_set_id,
        ads.ad_name as object_name,
        ads.status,
        ads.effective_status,
        cast(null as {{ json_type() }}) as targeting,
        lower(creatives.object_type) as ad_format,
        ads.preview_url as creative_url
    from ads
    left join creatives on ads.creative_id = creatives.creative_id
),

-- What only spend remembers was deleted before we could read it.
lost as (
    select
        spend.object_kind,
        spend.object_id,
        spend.ad_account_id as account_id,
        spend.campaign_id,
        case when spend.object_kind <> 'campaign' then spend.ad_set_id end
            as ad_set_id,
        cast(null as text) as object_name,
        cast(null as text) as status,
        cast(null as text) as effective_status,
        cast(null as {{ json_type() }}) as targeting,
        cast(null as text) as ad_format,
        cast(null as text) as creative_url
    from spend
    left join listed
        on
            spend.object_kind = listed.object_kind
            and spend.object_id = listed.object_id
    where listed.object_id is null
),

named as (
    select
        listed.*,
        coalesce(listed.effective_status, listed.status, '') = 'DELETED' as is_deleted
    from listed
    union all
    select
        lost.*,
        true as is_deleted
    from lost
)

select * from named
