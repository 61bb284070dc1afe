with

leads as (
    select * from {{ ref('int_leads__counted') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

roles as (
    select
        lead_key,
        'lead' as set_role,
        set_id
    from leads
    union all
    select
        leads.lead_key,
        'deal' as set_role,
        deals.current_set_id as set_id
    from leads
    inner join deals on leads.deal_id = deals.deal_id
),

described as (
    select
        roles.lead_key,
        roles.set_role,
        roles.set_id,
        utm_sets.utm_source,
        utm_sets.utm_medium,
        utm_sets.utm_campaign,
        utm_sets.campaign_as_id,
        utm_sets.content_as_id,
        utm_sets.term_as_id,
        utm_sets.utm_id_as_id,
        leads.funnel,
        leads.lead_date as event_date
    from roles
    inner join leads on roles.lead_key = leads.lead_key
    inner join utm_sets on roles.set_id = utm_sets.set_id
    where not utm_sets.is_skipped and not utm_sets.is_empty
),

keyed as (
    select
        described.*,
        {{ utm_lookup_id() }} as lookup_id
    from described
)

select * from keyed
