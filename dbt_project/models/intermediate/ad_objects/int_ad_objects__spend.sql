with

spend_rows as (
    select * from {{ ref('traffic_stats') }}
    where ad_id is not null
),

rows_by_object as (
    {%- for kind in ['campaign', 'ad_set', 'ad'] %}
    select
        '{{ kind }}' as object_kind,
        {{ kind }}_id as object_id,
        ad_account_id,
        stat_date,
        ad_id,
        campaign_id,
        ad_set_id,
        team_id,
        team_name,
        spend_usd,
        spend_kzt,
        impressions,
        clicks,
        fb_leads
    from spend_rows
    where {{ kind }}_id is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- The last day with spend says whose it is; unknown money is spend as well.
ranked as (
    select
        *,
        row_number() over (
            partition by object_kind, object_id
            order by
                case when coalesce(spend_usd, 1) <> 0 then 0 else 1 end,
                stat_date desc, ad_id
        ) as day_rank,
        row_number() over (
            partition by object_kind, object_id order by stat_date desc, ad_id
        ) as newest_rank
    from rows_by_object
),

summed as (
    select
        object_kind,
        object_id,
        max(ad_account_id) as ad_account_id,
        max(case when newest_rank = 1 then campaign_id end) as campaign_id,
        max(case when newest_rank = 1 then ad_set_id end) as ad_set_id,
        max(case when day_rank = 1 and coalesce(spend_usd, 1) <> 0 then team_id end)
            as team_id,
        {{ sum_known('spend_usd') }} as spend_usd,
        {{ sum_known('spend_kzt') }} as spend_kzt,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(fb_leads) as conversions,
        min(stat_date) as data_start_date,
        max(stat_date) as data_end_date
    from ranked
    group by object_kind, object_id
)

select * from summed
