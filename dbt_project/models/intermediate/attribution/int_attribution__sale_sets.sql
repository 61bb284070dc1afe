with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

sale_leads as (
    select * from {{ ref('int_attribution__sale_leads') }}
),

related_deals as (
    select * from {{ ref('int_attribution__related_deals') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

-- Every UTM set that speaks for a sale; `lead` is the first lead's set, for ids and
-- names, `usable_lead` the one whose source decides.
roles as (
    select
        deal_id,
        'original' as set_role,
        original_set_id as set_id
    from sales
    union all
    select
        deal_id,
        'deal' as set_role,
        current_set_id as set_id
    from sales
    union all
    select
        deal_id,
        'lead' as set_role,
        first_set_id as set_id
    from sale_leads
    union all
    select
        deal_id,
        'usable_lead' as set_role,
        usable_set_id as set_id
    from sale_leads
    union all
    select
        deal_id,
        'related_deal' as set_role,
        set_id
    from related_deals
),

described as (
    select
        roles.deal_id,
        roles.set_role,
        roles.set_id,
        utm_sets.utm_source,
        utm_sets.utm_medium,
        utm_sets.utm_campaign,
        utm_sets.campaign_as_id,
        utm_sets.content_as_id,
        utm_sets.term_as_id,
        utm_sets.utm_id_as_id,
        sales.product as funnel,
        sales.sale_date as event_date
    from roles
    inner join sales on roles.deal_id = sales.deal_id
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
