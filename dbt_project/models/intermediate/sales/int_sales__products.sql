with

deals as (
    select * from {{ ref('int_sales__deals') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

campaign_products as (
    select * from {{ ref('int_utm__campaign_products') }}
),

-- Never by amount. The leads-only pipeline leaves the word to the table.
decided as (
    select
        deals.deal_id,
        coalesce(pipelines.kind, '') = 'leads_only' as is_leads_only,
        case
            when pipelines.kind = 'sales' and pipelines.product <> ''
                then pipelines.product
            when pipelines.kind = 'leads_only'
                then coalesce(deals.table_product, 'unknown')
            else
                coalesce(deals.table_product, campaign_products.product, 'unknown')
        end as product
    from deals
    left join pipelines on deals.pipeline_id = pipelines.pipeline_id
    left join utm_sets on deals.current_set_id = utm_sets.set_id
    left join campaign_products on utm_sets.utm_campaign = campaign_products.utm_campaign
)

select * from decided
