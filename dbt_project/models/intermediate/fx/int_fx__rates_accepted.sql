with

landing_rates as (
    select * from {{ ref('stg_landing__exchange_rates') }}
),

traffic_rates as (
    select * from {{ ref('stg_traffic__exchange_rates') }}
),

placeholders as (
    select * from {{ ref('rejected_rates') }}
),

all_rates as (
    select rate_date, usd_to_kzt, fetched_at, 1 as database_rank from landing_rates
    union all
    select rate_date, usd_to_kzt, fetched_at, 2 as database_rank from traffic_rates
),

plausible_rates as (
    select
        all_rates.rate_date,
        all_rates.usd_to_kzt,
        row_number() over (
            partition by all_rates.rate_date
            order by all_rates.fetched_at desc nulls last, all_rates.database_rank
        ) as rate_rank
    from all_rates
    where
        all_rates.usd_to_kzt between {{ var('rate_min') }} and {{ var('rate_max') }}
        and not exists (
            select 1
            from placeholders
            where
                placeholders.usd_to_kzt = all_rates.usd_to_kzt
                and coalesce(
                    placeholders.rate_date, all_rates.rate_date
                ) = all_rates.rate_date
        )
),

accepted_rates as (
    select
        rate_date,
        cast(usd_to_kzt as numeric(18, 6)) as usd_to_kzt
    from plausible_rates
    where rate_rank = 1
)

select * from accepted_rates
