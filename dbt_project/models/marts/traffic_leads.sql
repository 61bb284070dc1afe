with

fb_leads as (
    select * from {{ ref('int_lead_ads__leads') }}
),

forms as (
    select * from {{ ref('int_lead_ads__forms') }}
),

matches as (
    select * from {{ ref('int_lead_ads__matches') }}
),

deals as (
    select * from {{ ref('int_lead_ads__deals') }}
),

lead_teams as (
    select * from {{ ref('int_lead_ads__teams') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
    where team_key = 'unattributed'
),

measures as (
    select * from {{ ref('int_coverage__measures_loaded') }}
),

loaded as (
    select
        max(case when measure = 'leads' then loaded_at end) as leads_loaded_at,
        max(case when measure = 'sales' then loaded_at end) as sales_loaded_at
    from measures
),

-- Nothing is lost before the place where it should be was read; a test is never missed.
followed as (
    select
        fb_leads.*,
        matches.matched_by,
        matches.source_db,
        matches.lead_id as known_lead_id,
        matches.landing_lead_id,
        matches.hours_later,
        deals.deal_id,
        deals.deal_matched_by,
        case
            when fb_leads.is_test or deals.deal_id is not null then null
            when
                matches.fb_lead_id is null
                and fb_leads.created_at <= loaded.leads_loaded_at
                then 'landing'
            when
                matches.fb_lead_id is not null
                and fb_leads.created_at <= loaded.sales_loaded_at
                then 'crm'
        end as lost_at
    from fb_leads
    cross join loaded
    left join matches on fb_leads.lead_id = matches.fb_lead_id
    left join deals on fb_leads.lead_id = deals.fb_lead_id
)

select
    followed.lead_id as fb_lead_id,
    followed.form_id,
    forms.form_name,
    followed.page_id,
    followed.ad_account_id,
    followed.campaign_id,
    followed.ad_set_id,
    followed.ad_id,
    followed.created_at,
    followed.created_date,
    coalesce(lead_teams.team_id, teams.team_id) as team_id,
    coalesce(lead_teams.team_name, teams.team_name) as team_name,
    lead_teams.team_method,
    followed.platform,
    followed.is_organic,
    followed.is_test,
    followed.landing_lead_id,
    case when followed.source_db = 'traffic' then followed.known_lead_id end
        as traffic_lead_id,
    followed.matched_by,
    cast(followed.hours_later as numeric(18, 2)) as hours_to_lead,
    followed.deal_id,
    followed.deal_matched_by,
    followed.lost_at
from followed
cross join teams
inner join lead_teams on followed.lead_id = lead_teams.fb_lead_id
left join forms on followed.form_id = forms.form_id
