with

deals as (
    select * from {{ ref('int_sales__deals') }}
),

deletions as (
    select * from {{ ref('stg_amocrm__deal_deletions') }}
),

trashed as (
    select * from {{ ref('stg_amocrm__trashed_deals') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

sweeps as (
    select count(*) as sweep_count
    from loads
    where
        system = 'amocrm'
        and table_name = 'leads'
        and outcome = 'loaded'
        and mode = 'full'
),

newest_deletions as (
    select
        deal_id,
        event_type,
        row_number() over (
            partition by deal_id order by happened_at desc, event_id desc
        ) as recency
    from deletions
),

-- Absent: gone from the sweep, or never seen by one though one took place.
witnesses as (
    select deal_id, 'event' as witness
    from newest_deletions
    where recency = 1 and event_type = 'lead_deleted'
    union all
    select distinct deal_id, 'trash' as witness
    from trashed
    union all
    select deals.deal_id, 'absence' as witness
    from deals
    cross join sweeps
    where
        deals.is_absent
        or (not deals.is_in_amocrm and sweeps.sweep_count > 0)
),

tombstones as (
    select
        deal_id,
        count(*) as witness_count
    from witnesses
    group by deal_id
    having count(*) >= 2
)

select * from tombstones
