-- A ledger and the state that it leads to went apart: the sum of what was learned of
-- AmoCRM's sales must be what AmoCRM says now, and every tombstone must be an open row
-- of the ledger of deletions.
{{ config(meta={'dagster': {'ref': {'name': 'sales_as_of_changes'}}}) }}
with

changes as (
    select * from {{ ref('sales_as_of_changes') }}
),

deletions as (
    select * from {{ ref('deal_deletions') }}
    where is_tombstone
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

versioned as (
    select distinct entity_id as deal_id
    from {{ ref('stg_amocrm__entity_versions') }}
    where entity_type = 'leads'
),

-- A deal that an earlier release loaded has no version until it is read again.
sold_now as (
    select
        deals.deal_id,
        coalesce(nullif(pipelines.product, ''), 'unknown') as product,
        {{ almaty_date('coalesce(deals.closed_at, deals.created_at)') }} as sale_date,
        1 as sales,
        round(greatest(coalesce(deals.price, 0), 0), 2) as revenue_kzt
    from deals
    inner join versioned on deals.deal_id = versioned.deal_id
    left join pipelines on deals.pipeline_id = pipelines.pipeline_id
    left join tombstones on deals.deal_id = tombstones.deal_id
    left join tests on deals.deal_id = tests.deal_id
    where
        deals.status_id = {{ won_status() }}
        and coalesce(pipelines.kind, 'sales') = 'sales'
        and coalesce(deals.closed_at, deals.created_at) is not null
        and tombstones.deal_id is null
        and tests.deal_id is null
),

learned as (
    select
        deal_id,
        product,
        sale_date,
        sum(change_sales) as sales,
        sum(change_revenue_kzt) as revenue_kzt
    from changes
    group by deal_id, product, sale_date
    having sum(change_sales) <> 0 or sum(change_revenue_kzt) <> 0
),

apart as (
    select
        'sales_as_of_changes' as ledger,
        coalesce(learned.deal_id, sold_now.deal_id) as deal_id
    from learned
    full outer join sold_now
        on
            learned.deal_id = sold_now.deal_id
            and learned.product = sold_now.product
            and learned.sale_date = sold_now.sale_date
    where
        coalesce(learned.sales, 0) <> coalesce(sold_now.sales, 0)
        or coalesce(learned.revenue_kzt, 0) <> coalesce(sold_now.revenue_kzt, 0)
    union all
    select
        'deal_deletions' as ledger,
        coalesce(deletions.deal_id, tombstones.deal_id) as deal_id
    from deletions
    full outer join tombstones on deletions.deal_id = tombstones.deal_id
    where deletions.deal_id is null or tombstones.deal_id is null
)

select * from apart
