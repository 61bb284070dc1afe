with facebook_ad_spend as (
    select *
    from {{ source('raw', 'traffic__facebook_ad_spend') }}
    where _deleted_at is null
),

typed as (
    select
        cast(ad_account_id as text) as ad_account_id,
        {{ source_day('date') }} as stat_date,
        {{ try_numeric('spend') }} as spend,
        cast(currency as text) as currency,
        {{ whole_number('impressions') }} as impressions,
        {{ whole_number('clicks') }} as clicks,
        {{ whole_number('reach') }} as reach,
        {{ whole_number('leads') }} as leads,
        {{ try_numeric('ctr') }} as ctr,
        {{ try_numeric('cpc') }} as cpc,
        {{ try_numeric('cpm') }} as cpm,
        {{ try_numeric('cpl') }} as cpl,
        {{ utc('synced_at') }} as synced_at
    from facebook_ad_spend
)

select * from typed
