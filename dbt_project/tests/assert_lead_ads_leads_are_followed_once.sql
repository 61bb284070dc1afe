-- A lead of Facebook's forms fell out on its way, or was counted for two; one that has
-- a deal is not lost, and one that was lost at Landing was not found there.
{{ config(meta={'dagster': {'ref': {'name': 'traffic_leads'}}}) }}
with

fb_leads as (
    select * from {{ ref('stg_facebook__leads') }}
),

followed as (
    select * from {{ ref('traffic_leads') }}
),

broken as (
    select coalesce(fb_leads.lead_id, followed.fb_lead_id) as fb_lead_id
    from fb_leads
    full outer join followed on fb_leads.lead_id = followed.fb_lead_id
    where
        fb_leads.lead_id is null
        or followed.fb_lead_id is null
        or (followed.deal_id is not null and followed.lost_at is not null)
        or (followed.matched_by is not null and followed.lost_at = 'landing')
        or (followed.matched_by is null and followed.lost_at = 'crm')
)

select * from broken
