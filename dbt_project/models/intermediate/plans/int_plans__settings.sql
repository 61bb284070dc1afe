{%- set settings = {
    'ai_growth_percentage': ['growth_pct', var('plan_growth_pct')],
    'min_roas_target': ['min_roas', var('plan_min_roas')],
    'max_cpa_target': ['max_cpa_usd', var('plan_max_cpa_usd')],
} -%}

with

landing_settings as (
    select * from {{ ref('stg_landing__admin_settings') }}
),

traffic_settings as (
    select * from {{ ref('stg_traffic__admin_settings') }}
),

all_settings as (
    select setting_key, setting_value, updated_at, 2 as database_rank
    from landing_settings
    union all
    select setting_key, setting_value, updated_at, 1 as database_rank
    from traffic_settings
),

ranked_settings as (
    select
        setting_key,
        setting_value,
        row_number() over (
            partition by setting_key
            order by updated_at desc nulls last, database_rank
        ) as setting_rank
    from all_settings
    where setting_value is not null
),

-- Zero is a setting like any other; only a missing one falls back.
plan_settings as (
    select
        {% for setting_key, (name, fallback) in settings.items() -%}
        coalesce(
            max(case when setting_key = '{{ setting_key }}' then setting_value end),
            {{ fallback }}
        ) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from ranked_settings
    where setting_rank = 1
)

select * from plan_settings
