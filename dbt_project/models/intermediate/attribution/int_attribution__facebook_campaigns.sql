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

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

-- An ad or an ad set written into a UTM leads to its campaign; deleted ones are known
-- from their spend alone.
entities as (
    select campaign_id as entity_id, campaign_id, 1 as entity_rank from campaigns
    union all
    select ad_set_id as entity_id, campaign_id, 2 as entity_rank from ad_sets
    union all
    select ad_id as entity_id, campaign_id, 3 as entity_rank from ads
    union all
    select ad_set_id as entity_id, campaign_id, 4 as entity_rank from ad_days
    union all
    select ad_id as entity_id, campaign_id, 5 as entity_rank from ad_days
),

ranked as (
    select
        entities.*,
        row_number() over (
            partition by entity_id order by entity_rank, campaign_id
        ) as choice
    from entities
    where entity_id is not null and campaign_id is not null
),

chosen as (
    select
        entity_id,
        campaign_id
    from ranked
    where choice = 1
)

select * from chosen
