-- A funnel by team once lost the deals of no team: the stages that a team's deals entered
-- hold every living deal in each stage of its path, once.
{{ config(meta={'dagster': {'ref': {'name': 'stage_conversion'}}}) }}
with

conversion as (
    select * from {{ ref('stage_conversion') }}
),

stays as (
    select * from {{ ref('deal_stage_times') }}
    where not is_test
),

living as (
    select deal_id from stays
    where is_current
),

entered as (
    select distinct
        stays.deal_id,
        stays.pipeline_id,
        stays.status_id
    from stays
    inner join living on stays.deal_id = living.deal_id
    where stays.pipeline_id is not null
),

totals as (
    select
        (select count(*) from entered) as deals_expected,
        (select coalesce(sum(deals_entered), 0) from conversion) as deals_counted
)

select * from totals
where deals_expected <> deals_counted
union all
select deals_entered, deals_won + deals_lost + deals_open
from conversion
where
    deals_entered <> deals_won + deals_lost + deals_open
    or deals_still_there > deals_open
    or deals_entered > stays
