with

plans as (
    select * from {{ ref('frozen_plans') }}
),

edits as (
    select * from {{ ref('int_plans__edits') }}
),

edited_plans as (
    select
        plans.team_id,
        plans.week_start,
        plans.prev_week_revenue_kzt,
        plans.prev_week_sales,
        plans.prev_week_spend_usd,
        plans.prev_week_roas,
        plans.prev_week_cpa_usd,
        plans.growth_pct,
        coalesce(edits.plan_revenue_kzt, plans.plan_revenue_kzt) as plan_revenue_kzt,
        coalesce(edits.plan_sales, plans.plan_sales) as plan_sales,
        coalesce(edits.plan_spend_usd, plans.plan_spend_usd) as plan_spend_usd,
        coalesce(edits.plan_roas, plans.plan_roas) as plan_roas,
        coalesce(edits.plan_cpa_usd, plans.plan_cpa_usd) as plan_cpa_usd,
        coalesce(edits.is_cancelled, false) as is_cancelled,
        edits.adjusted_by,
        edits.admin_notes
    from plans
    left join edits
        on plans.team_id = edits.team_id
        and plans.week_start = edits.week_start
)

select * from edited_plans
