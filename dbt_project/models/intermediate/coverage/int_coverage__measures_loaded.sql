with

sources as (
    select * from {{ ref('coverage_sources') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

-- A table that the source never had was looked for: there is nothing to miss. One that
-- vanished after it had been loaded is unknown from then on.
table_loads as (
    select
        system,
        table_name,
        coalesce(
            max(case when outcome = 'loaded' then as_of end), max(as_of)
        ) as as_of
    from loads
    -- What webhooks rang for is a part, which covers no day.
    where outcome in ('loaded', 'absent') and coalesce(scope, '') <> 'hooks'
    group by system, table_name
),

measures as (
    select
        sources.measure,
        case
            when count(*) = count(table_loads.as_of) then min(table_loads.as_of)
        end as loaded_at
    from sources
    left join table_loads
        on sources.system = table_loads.system
        and sources.table_name = table_loads.table_name
    group by sources.measure
)

select
    measure,
    loaded_at,
    {{ almaty_date('loaded_at') }} as loaded_date
from measures
