-- A change of a figure was not written down: what a step found as old must be what the
-- step before it left as new. A warning: the money itself is right.
{{ config(
    severity='warn', meta={'dagster': {'ref': {'name': 'spend_restatements'}}}
) }}
with

restatements as (
    select * from {{ ref('spend_restatements') }}
),

linked as (
    select
        level,
        ad_account_id,
        object_id,
        stat_date,
        read_at,
        {% for figure in ['spend', 'impressions', 'clicks', 'link_clicks', 'leads'] -%}
        coalesce(old_{{ figure }}, -1) as old_{{ figure }},
        lag(coalesce(new_{{ figure }}, -1)) over steps as left_{{ figure }},
        {% endfor -%}
        row_number() over steps as step
    from restatements
    window steps as (
        partition by level, ad_account_id, object_id, stat_date order by read_at
    )
),

broken as (
    select * from linked
    where
        step > 1
        and (
            {% for figure in ['spend', 'impressions', 'clicks', 'link_clicks', 'leads'] -%}
            old_{{ figure }} <> left_{{ figure }}{{ ' or ' if not loop.last }}
            {% endfor %}
        )
)

select * from broken
