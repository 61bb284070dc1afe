with

daily as (
    select * from {{ ref('int_crm_trust__call_days') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
    where system = 'amocrm' and outcome = 'loaded'
),

-- The rows that a table holds are those it was given, less those it lost.
held as (
    select
        table_name,
        greatest(
            sum(coalesce(rows_inserted, 0)) - sum(coalesce(rows_deleted, 0)), 0
        ) as held_rows
    from loads
    group by table_name
),

-- A backfill asks once more than there are full pages, for the end has to be seen.
forecast as (
    select
        table_name,
        held_rows,
        floor(
            held_rows / case when table_name = 'events' then 100 else 250 end
        ) + 1 as backfill_calls
    from held
)

select
    daily.date,
    daily.table_name,
    daily.path,
    daily.calls,
    daily.throttled,
    daily.refused,
    daily.failed,
    cast(daily.waited_ms / 1000.0 as numeric(18, 3)) as waited_seconds,
    cast(daily.longest_retry_after as numeric(18, 3)) as longest_retry_after,
    cast(daily.p50_ms as integer) as p50_ms,
    cast(daily.p95_ms as integer) as p95_ms,
    {{ ratio(
        'daily.calls', "86400 * " ~ var('amocrm_requests_per_second'), 100
    ) }} as budget_pct,
    cast(forecast.held_rows as bigint) as held_rows,
    cast(forecast.backfill_calls as bigint) as backfill_calls,
    cast(
        forecast.backfill_calls
        * greatest(1.0 / {{ var('amocrm_requests_per_second') }}, daily.p50_ms / 1000.0)
        as numeric(18, 3)
    ) as backfill_seconds
from daily
left join forecast on daily.table_name = forecast.table_name
