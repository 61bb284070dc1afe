with ad_insights as (
    select *
    from {{ source('raw', 'facebook__ad_insights') }}
    where _deleted_at is null
),

-- One action type may be broken down further: its parts are one number here.
actions as (
    select
        {{ account_id('ad_insights.account_id') }} as account_id,
        cast(ad_insights.ad_id as text) as ad_id,
        {{ source_day('ad_insights.stat_date') }} as stat_date,
        actions.metric,
        actions.action_type,
        actions.attribution_window,
        sum(actions.value) as value
    from ad_insights
    cross join lateral {{ action_items('ad_insights.payload') }}
        as actions (metric, action_type, attribution_window, value)
    group by
        ad_insights.account_id, ad_insights.ad_id, ad_insights.stat_date,
        actions.metric, actions.action_type, actions.attribution_window
)

select * from actions
