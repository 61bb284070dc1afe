with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

sync_results as (
    select * from {{ ref('stg_landing__bulk_sync_results') }}
),

own_deals as (
    select
        lead_key,
        deal_id,
        1 as link_rank,
        1 as recency
    from leads
    where deal_id is not null
),

-- The bulk sync knows the deals of leads that were never told about one.
synced_deals as (
    select
        leads.lead_key,
        sync_results.deal_id,
        max(sync_results.created_at) as synced_at
    from leads
    inner join sync_results
        on
            leads.lead_id = sync_results.lead_id
            and leads.source_db = 'landing'
    where
        leads.deal_id is null
        and sync_results.deal_id is not null
    group by leads.lead_key, sync_results.deal_id
),

named as (
    select * from own_deals
    union all
    select
        lead_key,
        deal_id,
        2 as link_rank,
        row_number() over (
            partition by lead_key order by synced_at desc nulls last, deal_id desc
        ) as recency
    from synced_deals
)

select * from named
