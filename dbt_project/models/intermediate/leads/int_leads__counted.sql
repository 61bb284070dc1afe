with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

tests as (
    select * from {{ ref('int_leads__tests') }}
),

funnels as (
    select * from {{ ref('int_leads__funnels') }}
),

lead_sets as (
    select * from {{ ref('int_leads__utm_sets') }}
),

deal_links as (
    select * from {{ ref('int_leads__deal_links') }}
),

counted as (
    select
        leads.lead_key,
        leads.source_db,
        leads.lead_id,
        leads.lead_at,
        leads.lead_date,
        leads.lead_source,
        leads.fb_campaign_id,
        leads.fb_adset_id,
        leads.fb_ad_id,
        funnels.funnel,
        deal_links.deal_id,
        lead_sets.set_id,
        coalesce(lead_sets.is_usable, false) as is_usable,
        coalesce(lead_sets.is_skipped, false) as is_skipped
    from leads
    inner join funnels on leads.lead_key = funnels.lead_key
    left join lead_sets on leads.lead_key = lead_sets.lead_key
    left join deal_links on leads.lead_key = deal_links.lead_key
    left join tests on leads.lead_key = tests.lead_key
    where tests.lead_key is null
)

select * from counted
