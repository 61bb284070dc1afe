with

sets as (
    select * from {{ ref('int_utm__sets') }}
),

keywords as (
    select * from {{ ref('product_keywords') }}
),

campaigns as (
    select distinct utm_campaign from sets
    where utm_campaign is not null
),

matches as (
    select
        campaigns.utm_campaign,
        keywords.product,
        row_number() over (
            partition by campaigns.utm_campaign
            order by keywords.priority, keywords.keyword
        ) as match_rank
    from campaigns
    inner join keywords on position(lower(keywords.keyword) in campaigns.utm_campaign) > 0
),

first_matches as (
    select
        utm_campaign,
        product
    from matches
    where match_rank = 1
)

select * from first_matches
