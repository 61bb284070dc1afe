with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

deal_links as (
    select * from {{ ref('int_leads__deal_links') }}
),

raw_utm_sets as (
    select * from {{ ref('int_leads__raw_utm_sets') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

test_deals as (
    select * from {{ ref('test_deals') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

flagged as (
    select lead_key from leads
    where coalesce(is_test_run, false) or coalesce({{ is_test_name('lead_name') }}, false)
    union distinct
    select raw_utm_sets.lead_key
    from raw_utm_sets
    inner join utm_sets on raw_utm_sets.set_id = utm_sets.set_id
    where utm_sets.is_test
    union distinct
    select deal_links.lead_key
    from deal_links
    inner join test_deals on deal_links.deal_id = test_deals.deal_id
    union distinct
    select leads.lead_key
    from leads
    inner join pipelines on leads.meta_pipeline_id = pipelines.pipeline_id
    where pipelines.kind = 'test'
)

select * from flagged
