with traffic_weekly_plans as (
    select *
    from {{ source('raw', 'traffic__traffic_weekly_plans') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as plan_id,
        cast(team_name as text) as team_name,
        cast(team_id as text) as team_id,
        {{ source_day('week_start') }} as week_start,
        {{ source_day('week_end') }} as week_end,
        {{ whole_number('week_number') }} as week_number,
        {{ whole_number('year') }} as year,
        {{ try_numeric('prev_week_revenue') }} as prev_week_revenue,
        {{ whole_number('prev_week_sales') }} as prev_week_sales,
        {{ try_numeric('prev_week_spend') }} as prev_week_spend,
        {{ try_numeric('prev_week_roas') }} as prev_week_roas,
        {{ try_numeric('prev_week_cpa') }} as prev_week_cpa,
        {{ try_numeric('plan_revenue') }} as plan_revenue,
        {{ whole_number('plan_sales') }} as plan_sales,
        {{ try_numeric('plan_spend') }} as plan_spend,
        {{ try_numeric('plan_roas') }} as plan_roas,
        {{ try_numeric('plan_cpa') }} as plan_cpa,
        {{ try_numeric('actual_revenue') }} as actual_revenue,
        {{ whole_number('actual_sales') }} as actual_sales,
        {{ try_numeric('actual_spend') }} as actual_spend,
        {{ try_numeric('actual_roas') }} as actual_roas,
        {{ try_numeric('actual_cpa') }} as actual_cpa,
        {{ whole_number('completion_percentage') }} as completion_percentage,
        cast(status as text) as status,
        {{ try_numeric('growth_percentage') }} as growth_percentage,
        cast(admin_notes as text) as admin_notes,
        cast(adjusted_by as text) as adjusted_by,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_weekly_plans
)

select * from typed
