with

stats as (
    select * from {{ ref('traffic_sales_stats') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

campaigns as (
    select * from {{ ref('int_spend__campaigns_ranked') }}
),

sales as (
    select * from {{ ref('sale_attribution') }}
),

totals as (
    select
        date,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        {{ sum_known('total_revenue_kzt') }} as revenue_kzt,
        {{ sum_known('total_sales') }} as sales,
        {{ sum_known('leads_count') }} as leads,
        {{ sum_known('impressions') }} as impressions,
        {{ sum_known('clicks') }} as clicks,
        {{ json_array_agg(
            json_object([
                ['team', 'team_name'],
                ['team_id', 'team_id'],
                ['spend', 'spend_usd'],
                ['revenue', 'total_revenue_kzt'],
                ['sales', 'total_sales'],
                ['roas', 'roas'],
                ['cpa', 'cpa_usd'],
                ['ctr', 'ctr_pct'],
                ['impressions', 'impressions'],
                ['clicks', 'clicks'],
            ]),
            'team_name'
        ) }} as teams_data
    from stats
    where period_type = 'daily'
    group by date
),

top_campaigns as (
    select
        coverage.date,
        {{ json_array_agg(
            json_object([
                ['campaign_id', 'campaigns.campaign_id'],
                ['campaign_name', 'campaigns.campaign_name'],
                ['team', 'campaigns.team_name'],
                ['ctr', 'campaigns.ctr_pct'],
                ['impressions', 'campaigns.impressions'],
                ['clicks', 'campaigns.clicks'],
                ['spend', 'campaigns.spend_usd'],
            ]),
            'campaigns.ctr_rank',
            where='campaigns.ctr_rank <= 10'
        ) }} as by_ctr,
        {{ json_array_agg(
            json_object([
                ['campaign_id', 'campaigns.campaign_id'],
                ['campaign_name', 'campaigns.campaign_name'],
                ['team', 'campaigns.team_name'],
                ['video_plays', 'campaigns.video_plays'],
                ['completion_rate', 'campaigns.completion_rate_pct'],
                ['spend', 'campaigns.spend_usd'],
            ]),
            'campaigns.video_rank',
            where='campaigns.video_rank <= 10'
        ) }} as by_video
    from coverage
    left join campaigns on coverage.date = campaigns.stat_date
    group by coverage.date
),

source_revenue as (
    select
        sale_date,
        utm_source,
        sum(amount_kzt) as revenue_kzt,
        count(case when payment_kind = 'full' then 1 end) as sales
    from sales
    where utm_source is not null and payment_kind <> 'unknown'
    group by sale_date, utm_source
),

ranked_sources as (
    select
        *,
        row_number() over (
            partition by sale_date order by revenue_kzt desc, utm_source
        ) as revenue_rank
    from source_revenue
),

top_sources as (
    select
        coverage.date,
        {{ json_array_agg(
            json_object([
                ['utm_source', 'ranked_sources.utm_source'],
                ['revenue', 'ranked_sources.revenue_kzt'],
                ['sales', 'ranked_sources.sales'],
            ]),
            'ranked_sources.revenue_rank',
            where='ranked_sources.revenue_rank <= 10'
        ) }} as by_revenue
    from coverage
    left join ranked_sources on coverage.date = ranked_sources.sale_date
    group by coverage.date
),

-- A list from a day that nobody has read would look like the whole truth.
reports as (
    select
        totals.date as report_date,
        cast(totals.spend_usd as numeric(18, 2)) as total_spend_usd,
        cast(totals.spend_kzt as numeric(18, 2)) as total_spend_kzt,
        cast(totals.revenue_kzt as numeric(18, 2)) as total_revenue_kzt,
        cast(totals.sales as integer) as total_sales,
        cast(totals.leads as integer) as total_leads,
        cast(totals.impressions as bigint) as total_impressions,
        cast(totals.clicks as bigint) as total_clicks,
        {{ roas('totals.revenue_kzt', 'totals.spend_kzt') }} as total_roas,
        {{ ctr_pct('totals.clicks', 'totals.impressions') }} as total_ctr_pct,
        cast(rates.usd_to_kzt as numeric(18, 6)) as usd_to_kzt_rate,
        totals.teams_data,
        case when coverage.is_sales_covered then top_sources.by_revenue end
            as top_utm_sales,
        case when coverage.is_spend_covered then top_campaigns.by_ctr end
            as top_campaigns_ctr,
        case when coverage.is_spend_covered then top_campaigns.by_video end
            as top_campaigns_video
    from totals
    inner join coverage on totals.date = coverage.date
    inner join top_campaigns on totals.date = top_campaigns.date
    inner join top_sources on totals.date = top_sources.date
    left join rates on totals.date = rates.rate_date
)

select * from reports
