with exchange_rates as (
    select *
    from {{ source('raw', 'traffic__exchange_rates') }}
    where _deleted_at is null
),

typed as (
    select
        'traffic' as source_db,
        {{ source_day('date') }} as rate_date,
        {{ try_numeric('usd_to_kzt') }} as usd_to_kzt,
        cast(source as text) as rate_source,
        {{ utc('fetched_at') }} as fetched_at
    from exchange_rates
)

select * from typed
