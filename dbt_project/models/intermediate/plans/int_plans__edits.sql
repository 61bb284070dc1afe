with

source_plans as (
    select * from {{ ref('stg_traffic__weekly_plans') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

ranked_plans as (
    select
        source_plans.*,
        teams.team_id as known_team_id,
        coalesce(trim(source_plans.adjusted_by), '') <> '' as is_adjusted,
        row_number() over (
            partition by teams.team_id, source_plans.week_start
            order by source_plans.updated_at desc nulls last
        ) as version_rank
    from source_plans
    inner join teams on {{ team_key('source_plans.team_name') }} = teams.team_key
),

-- Only a person's plan counts; notes alone change no number.
edits as (
    select
        known_team_id as team_id,
        week_start,
        case when is_adjusted then plan_revenue end as plan_revenue_kzt,
        case when is_adjusted then plan_sales end as plan_sales,
        case when is_adjusted then plan_spend end as plan_spend_usd,
        case when is_adjusted then plan_roas end as plan_roas,
        case when is_adjusted then plan_cpa end as plan_cpa_usd,
        coalesce(lower(trim(status)) = 'cancelled', false) as is_cancelled,
        nullif(trim(adjusted_by), '') as adjusted_by,
        nullif(trim(admin_notes), '') as admin_notes
    from ranked_plans
    where version_rank = 1
)

select * from edits
