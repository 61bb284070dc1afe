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

spend_rows as (
    select * from {{ ref('traffic_stats') }}
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

campaign_days as (
    select distinct
        campaign_id,
        stat_date,
        team_id,
        team_name
    from spend_rows
    where campaign_id is not null and method not in ('ambiguous', 'unattributed')
),

-- Else whoever ran the campaign on that day, or on the nearest day that it ran.
campaign_teams as (
    select
        fb_leads.lead_id as fb_lead_id,
        campaign_days.team_id,
        campaign_days.team_name,
        row_number() over (
            partition by fb_leads.lead_id
            order by
                abs(
                    {{ days_apart('fb_leads.created_date', 'campaign_days.stat_date') }}
                ),
                campaign_days.stat_date,
                campaign_days.team_id
        ) as nearness
    from fb_leads
    inner join campaign_days on fb_leads.campaign_id = campaign_days.campaign_id
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
    left join campaign_teams
        on fb_leads.lead_id = campaign_teams.fb_lead_id and campaign_teams.nearness = 1
)

select * from chosen
