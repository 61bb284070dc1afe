with

sale_sets as (
    select * from {{ ref('int_attribution__sale_sets') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

sale_campaigns as (
    select * from {{ ref('int_attribution__sale_campaigns') }}
),

campaign_teams as (
    select * from {{ ref('int_campaigns__teams') }}
),

sale_leads as (
    select * from {{ ref('int_attribution__sale_leads') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
    where team_key <> 'unattributed'
),

-- Steps 2 to 5: what the UTM of the original, the deal, its lead, an earlier deal says.
utm_steps as (
    select
        sale_sets.deal_id,
        case sale_sets.set_role
            when 'original' then 2
            when 'deal' then 3
            when 'usable_lead' then 4
            else 5
        end as step,
        case sale_sets.set_role
            when 'original' then 'deal_original_utm'
            when 'deal' then 'deal_utm'
            when 'usable_lead' then 'lead_utm'
            else 'related_deal_utm'
        end as method,
        1 as read_order,
        utm_teams.team_key,
        utm_teams.user_id,
        utm_teams.is_ambiguous,
        false as is_final,
        case
            when sale_sets.set_role = 'related_deal' then 'medium'
            else utm_teams.confidence
        end as confidence,
        sale_sets.set_id
    from sale_sets
    inner join utm_teams on sale_sets.lookup_id = utm_teams.lookup_id
    where sale_sets.set_role in ('original', 'deal', 'usable_lead', 'related_deal')
),

-- Steps 1, 6 and 7: the campaign that an id or a name leads to, as of the sale's day.
campaign_steps as (
    select
        sale_campaigns.deal_id,
        case
            when
                sale_campaigns.found_by = 'campaign_id'
                and campaign_teams.method = 'manual'
                then 1
            when sale_campaigns.found_by = 'campaign_id' then 6
            else 7
        end as step,
        sale_campaigns.read_order,
        campaign_teams.team_key,
        campaign_teams.user_id,
        campaign_teams.method = 'ambiguous' as is_ambiguous,
        campaign_teams.is_final_unattributed,
        sale_campaigns.set_id
    from sale_campaigns
    inner join campaign_teams
        on
            sale_campaigns.campaign_id = campaign_teams.campaign_id
            and sale_campaigns.event_date = campaign_teams.event_date
),

named_campaign_steps as (
    select
        deal_id,
        step,
        case step when 1 then 'manual' when 6 then 'campaign_id' else 'campaign_name' end
            as method,
        read_order,
        case when not is_final_unattributed then team_key end as team_key,
        user_id,
        is_ambiguous,
        is_final_unattributed as is_final,
        case step when 1 then 'manual' when 6 then 'medium' else 'low' end as confidence,
        set_id
    from campaign_steps
),

-- Step 8: `proftest_<team>`.
lead_source_steps as (
    select
        sale_leads.deal_id,
        8 as step,
        'lead_source' as method,
        1 as read_order,
        teams.team_key,
        cast(null as text) as user_id,
        false as is_ambiguous,
        false as is_final,
        'low' as confidence,
        cast(null as text) as set_id
    from sale_leads
    inner join leads on sale_leads.first_lead_key = leads.lead_key
    inner join teams on {{ lead_source_team('leads.lead_source') }} = teams.team_key
),

steps as (
    select * from utm_steps
    union all
    select * from named_campaign_steps
    union all
    select * from lead_source_steps
)

select * from steps
