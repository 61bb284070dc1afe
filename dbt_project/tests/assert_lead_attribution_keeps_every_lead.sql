-- A lead is counted once, or it is a copy, or it is a test.
{{ config(meta={'dagster': {'ref': {'name': 'lead_attribution'}}}) }}
with

unioned as (
    select count(*) as lead_count from {{ ref('int_leads__unioned') }}
),

tests as (
    select count(*) as lead_count from {{ ref('int_leads__tests') }}
),

attributed as (
    select count(*) as lead_count from {{ ref('lead_attribution') }}
)

select
    unioned.lead_count as all_leads,
    tests.lead_count as test_leads,
    attributed.lead_count as attributed_leads
from unioned
cross join tests
cross join attributed
where unioned.lead_count <> tests.lead_count + attributed.lead_count
