with

leads as (
    select * from {{ ref('int_leads__counted') }}
),

people as (
    select * from {{ ref('int_leads__people') }}
),

lead_teams as (
    select * from {{ ref('int_attribution__lead_teams') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

attributed as (
    select
        leads.source_db,
        leads.lead_id,
        leads.lead_at,
        leads.lead_date,
        leads.funnel,
        people.person_id,
        people.is_first_in_funnel,
        teams.team_name,
        teams.team_id,
        lead_teams.user_id,
        lead_teams.method,
        lead_teams.confidence,
        utm_sets.utm_source,
        utm_sets.utm_medium,
        utm_sets.utm_campaign,
        utm_sets.utm_content,
        utm_sets.utm_term,
        utm_sets.utm_issue,
        lead_teams.reason,
        leads.deal_id
    from leads
    inner join people on leads.lead_key = people.lead_key
    inner join lead_teams on leads.lead_key = lead_teams.lead_key
    left join teams
        on coalesce(lead_teams.team_key, 'unattributed') = teams.team_key
    left join utm_sets on lead_teams.set_id = utm_sets.set_id
)

select * from attributed
