{%- set freeze_days = var('facebook_freeze_days') | int -%}
{%- set least_days = var('drift_least_days') -%}

with

days_reread as (
    select * from {{ ref('int_restatements__days_reread') }}
),

-- Every age has a row; the last stands for all days after the freeze.
ages as (
    {% for age_days in range(freeze_days + 2) -%}
    select {{ age_days }} as age_days{{ ' union all' if not loop.last }}
    {% endfor %}
),

measured as (
    select
        ages.age_days,
        count(days_reread.date) as days_observed,
        count(case when days_reread.change_pct <> 0 then 1 end) as days_changed,
        avg(abs(days_reread.change_pct)) as mean_change_pct,
        max(abs(days_reread.change_pct)) as max_change_pct,
        avg(days_reread.change_pct) as mean_signed_change_pct
    from ages
    left join days_reread on ages.age_days = days_reread.age_days
    group by ages.age_days
),

-- A day may still move by what days move at each age that it has yet to reach; an age
-- that was hardly ever seen leaves that unknown.
expected as (
    select
        measured.*,
        case
            when
                coalesce(min(days_observed) over later_ages, {{ least_days }})
                >= {{ least_days }}
                then coalesce(sum(mean_change_pct) over later_ages, 0)
        end as expected_drift_pct
    from measured
    where age_days <= {{ freeze_days }}
    window later_ages as (
        order by age_days
        rows between 1 following and unbounded following
    )
),

after_freeze as (
    select
        measured.*,
        cast(0 as numeric) as expected_drift_pct
    from measured
    where age_days > {{ freeze_days }}
),

drift as (
    select * from expected
    union all
    select * from after_freeze
)

select
    cast(age_days as integer) as age_days,
    age_days > {{ freeze_days }} as is_after_freeze,
    cast(days_observed as bigint) as days_observed,
    cast(days_changed as bigint) as days_changed,
    cast(mean_change_pct as numeric(18, 6)) as mean_change_pct,
    cast(max_change_pct as numeric(18, 6)) as max_change_pct,
    cast(mean_signed_change_pct as numeric(18, 6)) as mean_signed_change_pct,
    cast(expected_drift_pct as numeric(18, 6)) as expected_drift_pct
from drift
