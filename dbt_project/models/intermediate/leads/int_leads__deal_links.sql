with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

sync_results as (
    select * from {{ ref('stg_landing__bulk_sync_results') }}
),

own_links as (
    select
        lead_key,
        deal_id,
        1 as link_rank
    from leads
    where deal_id is not null
),

-- The bulk sync knows the deal of leads that were never told about it.
newest_sync_results as (
    select
        leads.lead_key,
        sync_results.deal_id,
        2 as link_rank,
        row_number() over (
            partition by leads.lead_key
            order by sync_results.created_at desc, sync_results.deal_id desc
        ) as recency
    from leads
    inner join sync_results
        on
            leads.lead_id = sync_results.lead_id
            and leads.source_db = 'landing'
    where
        leads.deal_id is null
        and sync_results.deal_id is not null
),

linked as (
    select
        lead_key,
        deal_id,
        link_rank
    from own_links
    union all
    select
        lead_key,
        deal_id,
        link_rank
    from newest_sync_results
    where recency = 1
)

select * from linked
