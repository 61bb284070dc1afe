with

changes as (
    select * from {{ ref('int_ad_changes__described') }}
),

campaign_teams as (
    select * from {{ ref('int_campaigns__teams') }}
),

account_teams as (
    select * from {{ ref('int_campaigns__account_teams') }}
),

-- The team of the nearest day that asked for one, a day before rather than after.
ranked as (
    select
        changes.account_id,
        changes.activity_id,
        changes.stat_date,
        campaign_teams.team_key,
        row_number() over (
            partition by changes.account_id, changes.activity_id
            order by
                case
                    when campaign_teams.event_date <= changes.stat_date then 0 else 1
                end,
                abs({{ days_apart('changes.stat_date', 'campaign_teams.event_date') }})
        ) as day_rank
    from changes
    left join campaign_teams on changes.campaign_id = campaign_teams.campaign_id
),

owned as (
    select
        ranked.account_id,
        ranked.activity_id,
        coalesce(ranked.team_key, account_teams.team_key, 'unattributed') as team_key
    from ranked
    left join account_teams
        on ranked.account_id = account_teams.account_id
        and ranked.stat_date = account_teams.event_date
    where ranked.day_rank = 1
)

select * from owned
