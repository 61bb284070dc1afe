with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

deal_links as (
    select * from {{ ref('int_leads__deal_links') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

lead_sets as (
    select * from {{ ref('int_leads__utm_sets') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

campaign_products as (
    select * from {{ ref('int_utm__campaign_products') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

source_funnels as (
    select * from {{ ref('lead_source_funnels') }}
),

products as (
    select distinct product from pipelines
    where product <> ''
),

-- A pattern ends in % when more may follow; the longest one that fits decides.
source_matches as (
    select
        sources.lead_source,
        source_funnels.funnel,
        row_number() over (
            partition by sources.lead_source
            order by length(source_funnels.pattern) desc, source_funnels.pattern
        ) as match_rank
    from (
        select distinct lead_source from leads
        where lead_source is not null
    ) as sources
    inner join source_funnels
        on lower(trim(sources.lead_source)) like lower(source_funnels.pattern)
),

said as (
    select
        leads.lead_key,
        coalesce(column_products.product, meta_products.product) as said_funnel
    from leads
    left join products as column_products
        on lower(trim(leads.funnel_type)) = column_products.product
    left join products as meta_products
        on lower(trim(leads.meta_funnel_type)) = meta_products.product
),

decided as (
    select
        leads.lead_key,
        coalesce(
            said.said_funnel,
            source_matches.funnel,
            nullif(pipelines.product, ''),
            campaign_products.product,
            'unknown'
        ) as funnel
    from leads
    inner join said on leads.lead_key = said.lead_key
    left join source_matches
        on
            leads.lead_source = source_matches.lead_source
            and source_matches.match_rank = 1
    left join deal_links on leads.lead_key = deal_links.lead_key
    left join deals on deal_links.deal_id = deals.deal_id
    left join pipelines on deals.pipeline_id = pipelines.pipeline_id
    left join lead_sets on leads.lead_key = lead_sets.lead_key
    left join utm_sets on lead_sets.set_id = utm_sets.set_id
    left join campaign_products on utm_sets.utm_campaign = campaign_products.utm_campaign
)

select * from decided
