{%- set most_hours = 72 -%}

with

fb_leads as (
    select * from {{ ref('int_lead_ads__leads') }}
),

known_ids as (
    select * from {{ ref('int_lead_ads__known_ids') }}
),

identifiers as (
    select * from {{ ref('int_lead_ads__identifiers') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where lead_key is not null and not is_guarded
),

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

by_id as (
    select
        fb_leads.lead_id as fb_lead_id,
        'fb_lead_id' as matched_by,
        known_ids.source_db,
        known_ids.lead_id,
        known_ids.landing_lead_id,
        known_ids.lead_key,
        known_ids.deal_id,
        {{ hours_apart('fb_leads.created_at', 'known_ids.lead_at') }} as hours_later
    from fb_leads
    inner join known_ids on fb_leads.lead_id = known_ids.fb_lead_id
),

by_contact as (
    select
        fb_leads.lead_id as fb_lead_id,
        identifiers.kind as matched_by,
        leads.source_db,
        leads.lead_id,
        case when leads.source_db = 'landing' then leads.lead_id end
            as landing_lead_id,
        leads.lead_key,
        leads.deal_id,
        {{ hours_apart('fb_leads.created_at', 'leads.lead_at') }} as hours_later
    from fb_leads
    inner join identifiers on fb_leads.lead_id = identifiers.lead_id
    inner join records on identifiers.identifier = records.identifier
    inner join leads on records.lead_key = leads.lead_key
    where not fb_leads.is_test
),

candidates as (
    select * from by_id
    union all
    select * from by_contact
    where abs(hours_later) <= {{ most_hours }}
),

-- The id is sure, a phone surer than an e-mail; of equals the nearest in time.
ranked as (
    select
        *,
        row_number() over (
            partition by fb_lead_id
            order by
                case matched_by when 'fb_lead_id' then 0 when 'phone' then 1 else 2 end,
                case when matched_by = 'fb_lead_id' and landing_lead_id is null
                    then 1 else 0 end,
                abs(hours_later),
                case when source_db = 'landing' then 0 else 1 end,
                lead_id
        ) as match_rank
    from candidates
),

matches as (
    select
        fb_lead_id,
        matched_by,
        source_db,
        lead_id,
        landing_lead_id,
        lead_key,
        deal_id,
        hours_later
    from ranked
    where match_rank = 1
)

select * from matches
