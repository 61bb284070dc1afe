with

landing_leads as (
    select * from {{ ref('stg_landing__leads') }}
),

traffic_leads as (
    select * from {{ ref('stg_traffic__leads_own') }}
),

rows_with_ids as (
    select
        fb_lead_id, source_db, lead_id, lead_id as landing_lead_id, deal_id, lead_at
    from landing_leads
    union all
    select
        fb_lead_id, source_db, lead_id, landing_lead_id, deal_id, lead_at
    from traffic_leads
),

-- A row of Traffic that is a copy stands for its original in Landing.
known_ids as (
    select
        rows_with_ids.fb_lead_id,
        rows_with_ids.source_db,
        rows_with_ids.lead_id,
        landing_leads.lead_id as landing_lead_id,
        case
            when landing_leads.lead_id is not null
                then 'landing:' || landing_leads.lead_id
            else rows_with_ids.source_db || ':' || rows_with_ids.lead_id
        end as lead_key,
        coalesce(rows_with_ids.deal_id, landing_leads.deal_id) as deal_id,
        rows_with_ids.lead_at
    from rows_with_ids
    left join landing_leads on rows_with_ids.landing_lead_id = landing_leads.lead_id
    where rows_with_ids.fb_lead_id is not null
)

select * from known_ids
