with

leads as (
    select * from {{ ref('int_leads__counted') }}
),

lead_sets as (
    select * from {{ ref('int_attribution__lead_sets') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

lead_campaigns as (
    select * from {{ ref('int_attribution__lead_campaigns') }}
),

campaign_teams as (
    select * from {{ ref('int_campaigns__teams') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
    where team_key <> 'unattributed'
),

-- Steps 1 and 5: the lead's own UTM, and that of the deal it became.
utm_steps as (
    select
        lead_sets.lead_key,
        case lead_sets.set_role when 'lead' then 1 else 5 end as step,
        case lead_sets.set_role when 'lead' then 'lead_utm' else 'deal_utm' end as method,
        1 as read_order,
        utm_teams.team_key,
        utm_teams.user_id,
        utm_teams.is_ambiguous,
        false as is_final,
        utm_teams.confidence,
        lead_sets.set_id
    from lead_sets
    inner join utm_teams on lead_sets.lookup_id = utm_teams.lookup_id
),

-- Steps 2 and 3: the campaign that an id or a name leads to.
campaign_steps as (
    select
        lead_campaigns.lead_key,
        case lead_campaigns.found_by when 'campaign_id' then 2 else 3 end as step,
        lead_campaigns.found_by as method,
        lead_campaigns.read_order,
        case
            when not campaign_teams.is_final_unattributed then campaign_teams.team_key
        end as team_key,
        campaign_teams.user_id,
        campaign_teams.method = 'ambiguous' as is_ambiguous,
        campaign_teams.is_final_unattributed as is_final,
        case lead_campaigns.found_by when 'campaign_id' then 'medium' else 'low' end
            as confidence,
        lead_campaigns.set_id
    from lead_campaigns
    inner join campaign_teams
        on
            lead_campaigns.campaign_id = campaign_teams.campaign_id
            and lead_campaigns.event_date = campaign_teams.event_date
),

-- Step 4: `proftest_<team>`.
lead_source_steps as (
    select
        leads.lead_key,
        4 as step,
        'lead_source' as method,
        1 as read_order,
        teams.team_key,
        cast(null as text) as user_id,
        false as is_ambiguous,
        false as is_final,
        'low' as confidence,
        cast(null as text) as set_id
    from leads
    inner join teams on {{ lead_source_team('leads.lead_source') }} = teams.team_key
),

steps as (
    select * from utm_steps
    union all
    select * from campaign_steps
    union all
    select * from lead_source_steps
)

select * from steps
