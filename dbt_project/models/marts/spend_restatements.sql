with

steps as (
    select * from {{ ref('int_restatements__steps') }}
),

restatements as (
    select * from steps
    where is_restatement
),

-- A row that was not there, or is there no more, counts as nothing.
changes as (
    select
        restatements.*,
        coalesce(new_spend, 0) - coalesce(old_spend, 0) as change_spend
    from restatements
)

select
    level,
    account_id as ad_account_id,
    object_id,
    stat_date,
    read_at,
    read_before_at,
    kind,
    cast(age_days as integer) as age_days,
    age_days > {{ var('facebook_freeze_days') }} as is_after_freeze,
    currency,
    old_spend,
    new_spend,
    cast(change_spend as numeric(18, 2)) as change_spend,
    {{ ratio('change_spend', 'old_spend', 100) }} as change_pct,
    {% for figure in ['impressions', 'clicks', 'link_clicks', 'leads'] -%}
    cast(old_{{ figure }} as bigint) as old_{{ figure }},
    cast(new_{{ figure }} as bigint) as new_{{ figure }},
    cast(
        coalesce(new_{{ figure }}, 0) - coalesce(old_{{ figure }}, 0) as bigint
    ) as change_{{ figure }}{{ ',' if not loop.last }}
    {% endfor %}
from changes
