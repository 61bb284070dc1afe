-- A campaign, an ad set or an ad was lost or doubled on its way to the marts: all of
-- each kind must add up to what the visible ads delivered.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_stats'}}}) }}

with

spend_rows as (
    select * from {{ ref('traffic_stats') }}
    where ad_id is not null
),

delivered as (
    select * from {{ ref('int_ad_objects__delivered') }}
),

-- Of a row with several currencies' money only the counts can be compared.
visible as (
    {%- for kind in ['campaign', 'ad_set', 'ad'] %}
    select
        '{{ kind }}' as object_kind,
        coalesce(sum(impressions), 0) as impressions,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(fb_leads), 0) as conversions,
        {{ sum_known('spend_usd') }} as spend_usd
    from spend_rows
    where {{ kind }}_id is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        object_kind,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        {{ sum_known('spend_usd') }} as spend_usd
    from delivered
    group by object_kind
),

broken as (
    select
        visible.object_kind,
        visible.impressions,
        summed.impressions as summed_impressions,
        visible.spend_usd,
        summed.spend_usd as summed_spend_usd
    from visible
    left join summed on visible.object_kind = summed.object_kind
    where
        visible.impressions <> coalesce(summed.impressions, 0)
        or visible.clicks <> coalesce(summed.clicks, 0)
        or visible.conversions <> coalesce(summed.conversions, 0)
        or visible.spend_usd <> coalesce(summed.spend_usd, visible.spend_usd)
)

select * from broken
