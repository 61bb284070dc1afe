with

periods as (
    select * from {{ ref('int_calendar__team_periods') }}
),

stats as (
    select
        date,
        period_type,
        team_name,
        team_id,
        cast(total_sales as integer) as total_sales,
        cast(total_revenue_kzt as numeric(18, 2)) as total_revenue_kzt,
        {{ average_order_value_kzt(
            'total_revenue_kzt', 'total_sales + challenge3d_prepayment_sales'
        ) }} as average_order_value_kzt,
        cast(express_sales as integer) as express_sales,
        cast(express_revenue_kzt as numeric(18, 2)) as express_revenue_kzt,
        cast(flagman_sales as integer) as flagman_sales,
        cast(flagman_revenue_kzt as numeric(18, 2)) as flagman_revenue_kzt,
        cast(challenge3d_prepayment_sales as integer) as challenge3d_prepayments,
        cast(challenge3d_prepayment_revenue_kzt as numeric(18, 2))
            as challenge3d_prepayment_revenue_kzt,
        cast(challenge3d_full_sales as integer) as challenge3d_full_sales,
        cast(challenge3d_full_revenue_kzt as numeric(18, 2))
            as challenge3d_full_revenue_kzt,
        cast(intensive1d_sales as integer) as intensive1d_sales,
        cast(intensive1d_revenue_kzt as numeric(18, 2)) as intensive1d_revenue_kzt,
        cast(unknown_sales as integer) as other_sales,
        cast(unknown_revenue_kzt as numeric(18, 2)) as other_revenue_kzt,
        cast(refunds_kzt as numeric(18, 2)) as refunds_kzt,
        cast(leads_count as integer) as leads_count,
        cast(leads_rows as integer) as leads_rows,
        {{ conversion_rate_pct('total_sales', 'leads_count') }} as conversion_rate_pct,
        cast(spend_usd as numeric(18, 2)) as spend_usd,
        cast(spend_kzt as numeric(18, 2)) as spend_kzt,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        {{ ctr_pct('clicks', 'impressions') }} as ctr_pct,
        {{ cpc_usd('spend_usd', 'clicks') }} as cpc_usd,
        {{ cpm_usd('spend_usd', 'impressions') }} as cpm_usd,
        {{ cpl_usd('spend_usd', 'leads_count') }} as cpl_usd,
        {{ cpl_kzt('spend_kzt', 'leads_count') }} as cpl_kzt,
        {{ cpa_usd('spend_usd', 'total_sales') }} as cpa_usd,
        {{ cpa_kzt('spend_kzt', 'total_sales') }} as cpa_kzt,
        {{ roas('total_revenue_kzt', 'spend_kzt') }} as roas,
        {{ roi_pct('total_revenue_kzt', 'spend_kzt') }} as roi_pct,
        {{ profit_kzt('total_revenue_kzt', 'spend_kzt') }} as profit_kzt
    from periods
)

select * from stats
