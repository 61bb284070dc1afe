{%- set most_hours = 72 -%}

with

fb_leads as (
    select * from {{ ref('int_lead_ads__leads') }}
),

matches as (
    select * from {{ ref('int_lead_ads__matches') }}
),

deal_links as (
    select * from {{ ref('int_leads__deal_links') }}
),

identifiers as (
    select * from {{ ref('int_lead_ads__identifiers') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where deal_id is not null and not is_guarded
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

lead_deals as (
    select
        matches.fb_lead_id,
        'lead' as deal_matched_by,
        'lead' as kind,
        coalesce(deal_links.deal_id, matches.deal_id) as deal_id,
        cast(0 as numeric) as hours_later
    from matches
    left join deal_links on matches.lead_key = deal_links.lead_key
    where coalesce(deal_links.deal_id, matches.deal_id) is not null
),

-- A lead that reached AmoCRM past Landing is known there by its contact.
contact_deals as (
    select
        fb_leads.lead_id as fb_lead_id,
        'contact' as deal_matched_by,
        identifiers.kind,
        deals.deal_id,
        {{ hours_apart('fb_leads.created_at', 'deals.deal_at') }} as hours_later
    from fb_leads
    inner join identifiers on fb_leads.lead_id = identifiers.lead_id
    inner join records on identifiers.identifier = records.identifier
    inner join deals on records.deal_id = deals.deal_id
    where not fb_leads.is_test
),

candidates as (
    select * from lead_deals
    union all
    select * from contact_deals
    where abs(hours_later) <= {{ most_hours }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by fb_lead_id
            order by
                case kind when 'lead' then 0 when 'phone' then 1 else 2 end,
                abs(hours_later),
                deal_id
        ) as match_rank
    from candidates
),

chosen as (
    select
        fb_lead_id,
        deal_matched_by,
        deal_id
    from ranked
    where match_rank = 1
)

select * from chosen
