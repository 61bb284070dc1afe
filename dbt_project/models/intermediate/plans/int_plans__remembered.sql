with

frozen_plans as (
    select * from {{ ref('stg_history__frozen_plans') }}
),

versions as (
    select * from {{ ref('ownership_versions') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

-- A team may have been given its id after its first plans were frozen.
former_ids as (
    select
        versions.owner_user_id as former_team_id,
        min(teams.team_id) as team_id
    from versions
    inner join teams on versions.fact_key = teams.team_key
    left join teams as same_teams on versions.owner_user_id = same_teams.team_id
    where versions.fact_type = 'team' and same_teams.team_id is null
    group by versions.owner_user_id
),

renamed_plans as (
    select
        coalesce(former_ids.team_id, frozen_plans.team_id) as team_id,
        frozen_plans.week_start,
        frozen_plans.prev_week_revenue_kzt,
        frozen_plans.prev_week_sales,
        frozen_plans.prev_week_spend_usd,
        frozen_plans.prev_week_roas,
        frozen_plans.prev_week_cpa_usd,
        frozen_plans.growth_pct,
        frozen_plans.plan_revenue_kzt,
        frozen_plans.plan_sales,
        frozen_plans.plan_spend_usd,
        frozen_plans.plan_roas,
        frozen_plans.plan_cpa_usd,
        frozen_plans.frozen_at,
        row_number() over (
            partition by
                coalesce(former_ids.team_id, frozen_plans.team_id),
                frozen_plans.week_start
            order by frozen_plans.frozen_at, frozen_plans.team_id
        ) as freeze_rank
    from frozen_plans
    left join former_ids on frozen_plans.team_id = former_ids.former_team_id
),

remembered_plans as (
    select
        team_id, week_start, prev_week_revenue_kzt, prev_week_sales,
        prev_week_spend_usd, prev_week_roas, prev_week_cpa_usd, growth_pct,
        plan_revenue_kzt, plan_sales, plan_spend_usd, plan_roas, plan_cpa_usd,
        frozen_at
    from renamed_plans
    where freeze_rank = 1
)

select * from remembered_plans
