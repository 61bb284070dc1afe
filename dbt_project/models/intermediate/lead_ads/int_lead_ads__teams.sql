with

fb_leads as (
    select * from {{ ref('int_lead_ads__leads') }}
),

matches as (
    select * from {{ ref('int_lead_ads__matches') }}
),

leads as (
    select * from {{ ref('lead_attribution') }}
),

owners as (
    select * from {{ ref('int_campaigns__teams') }}
    where team_key is not null
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

-- A known lead has the team that it has everywhere else.
lead_teams as (
    select
        matches.fb_lead_id,
        leads.team_id,
        leads.team_name
    from matches
    inner join leads
        on matches.lead_key = leads.source_db || ':' || leads.lead_id
    where leads.method not in ('ambiguous', 'unattributed')
),

-- Else whoever answers for the campaign's spend on that day.
campaign_teams as (
    select
        fb_leads.lead_id as fb_lead_id,
        teams.team_id,
        teams.team_name
    from fb_leads
    inner join owners
        on fb_leads.campaign_id = owners.campaign_id
        and fb_leads.created_date = owners.event_date
    inner join teams on owners.team_key = teams.team_key
),

chosen as (
    select
        fb_leads.lead_id as fb_lead_id,
        case
            when lead_teams.fb_lead_id is not null then lead_teams.team_id
            else campaign_teams.team_id
        end as team_id,
        case
            when lead_teams.fb_lead_id is not null then lead_teams.team_name
            else campaign_teams.team_name
        end as team_name,
        case
            when lead_teams.fb_lead_id is not null then 'lead'
            when campaign_teams.fb_lead_id is not null then 'campaign'
            else 'unattributed'
        end as team_method
    from fb_leads
    left join lead_teams on fb_leads.lead_id = lead_teams.fb_lead_id
    left join campaign_teams on fb_leads.lead_id = campaign_teams.fb_lead_id
)

select * from chosen
