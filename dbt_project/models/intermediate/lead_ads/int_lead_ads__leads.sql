with

leads as (
    select * from {{ ref('stg_facebook__leads') }}
),

answers as (
    select * from {{ ref('stg_facebook__lead_answers') }}
),

forms as (
    select * from {{ ref('stg_facebook__lead_forms') }}
),

ads as (
    select * from {{ ref('stg_facebook__ads') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

-- The testing tool of Facebook says so in every answer.
test_leads as (
    select distinct lead_id from answers
    where {{ matches('lower(answer)', '^<test lead:') }}
),

placed as (
    select
        leads.lead_id,
        leads.form_id,
        coalesce(leads.page_id, forms.page_id) as page_id,
        leads.ad_id,
        coalesce(leads.ad_set_id, ads.ad_set_id) as ad_set_id,
        coalesce(leads.campaign_id, ads.campaign_id) as campaign_id,
        ads.account_id as ad_account_id,
        leads.platform,
        leads.is_organic,
        test_leads.lead_id is not null as is_test,
        leads.created_at,
        {{ almaty_date('leads.created_at') }} as created_date
    from leads
    left join test_leads on leads.lead_id = test_leads.lead_id
    left join forms on leads.form_id = forms.form_id
    left join ads on leads.ad_id = ads.ad_id
)

select
    placed.lead_id,
    placed.form_id,
    placed.page_id,
    placed.ad_id,
    placed.ad_set_id,
    placed.campaign_id,
    coalesce(placed.ad_account_id, campaigns.account_id) as ad_account_id,
    placed.platform,
    placed.is_organic,
    placed.is_test,
    placed.created_at,
    placed.created_date
from placed
left join campaigns on placed.campaign_id = campaigns.campaign_id
