-- A plan of a running week was made again from late data: what an earlier edition froze
-- must be repeated as it was.
{{ config(meta={'dagster': {'ref': {'name': 'frozen_plans'}}}) }}
with

remembered as (
    select * from {{ ref('int_plans__remembered') }}
),

plans as (
    select * from {{ ref('frozen_plans') }}
),

broken as (
    select
        remembered.team_id,
        remembered.week_start
    from remembered
    left join plans
        on remembered.team_id = plans.team_id
        and remembered.week_start = plans.week_start
    where
        plans.team_id is null
        or plans.frozen_at is distinct from remembered.frozen_at
        or plans.plan_revenue_kzt is distinct from remembered.plan_revenue_kzt
        or plans.plan_sales is distinct from remembered.plan_sales
        or plans.plan_spend_usd is distinct from remembered.plan_spend_usd
        or plans.plan_roas is distinct from remembered.plan_roas
        or plans.plan_cpa_usd is distinct from remembered.plan_cpa_usd
)

select * from broken
