with traffic_stats as (
    select *
    from {{ source('raw', 'landing__traffic_stats') }}
    where
        _deleted_at is null
        and coalesce(lower(trim(cast(campaign_id as text))), '') <> 'team_total'
),

typed as (
    select
        cast(id as text) as row_id,
        {{ source_day('stat_date') }} as stat_date,
        {{ source_day('date') }} as old_date,
        cast(user_id as text) as user_id,
        cast(team as text) as team_name,
        cast(ad_account_id as text) as ad_account_id,
        cast(campaign_id as text) as campaign_id,
        cast(campaign_name as text) as campaign_name,
        {{ try_numeric('spend_usd') }} as spend_usd,
        {{ try_numeric('spend_kzt') }} as spend_kzt,
        {{ try_numeric('usd_to_kzt_rate') }} as usd_to_kzt_rate,
        {{ whole_number('impressions') }} as impressions,
        {{ whole_number('clicks') }} as clicks,
        {{ whole_number('reach') }} as reach,
        {{ try_numeric('ctr') }} as ctr,
        {{ try_numeric('cpc_usd') }} as cpc_usd,
        {{ try_numeric('cpm_usd') }} as cpm_usd,
        {{ try_numeric('frequency') }} as frequency,
        {{ whole_number('registrations') }} as registrations,
        {{ whole_number('express_sales') }} as express_sales,
        {{ whole_number('main_sales') }} as main_sales,
        {{ try_numeric('profit_usd') }} as profit_usd,
        {{ try_numeric('roi_percent') }} as roi_percent,
        cast(source as text) as source,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_stats
)

select * from typed
