with

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

campaign_days as (
    select * from {{ ref('int_campaigns__days') }}
),

facts as (
    select * from {{ ref('int_ownership__facts') }}
),

account_days as (
    select account_id, stat_date as event_date from account_insights
    union distinct
    select account_id, event_date from campaign_days
    where account_id is not null
),

levels as (
    select
        fact_key as account_id,
        team_key,
        valid_from,
        valid_to,
        case fact_type
            when 'account_binding' then 1
            when 'integration_account' then 2
            when 'team_account' then 3
        end as level
    from facts
    where
        fact_type in ('account_binding', 'integration_account', 'team_account')
        and team_key is not null
),

level_teams as (
    select
        account_days.account_id,
        account_days.event_date,
        levels.level,
        count(distinct levels.team_key) as team_count,
        min(levels.team_key) as team_key
    from account_days
    left join levels
        on account_days.account_id = levels.account_id
        and account_days.event_date >= levels.valid_from
        and account_days.event_date < levels.valid_to
    group by account_days.account_id, account_days.event_date, levels.level
),

-- The first level that names one team decides; if none does, two teams are ambiguous.
ranked_levels as (
    select
        *,
        row_number() over (
            partition by account_id, event_date
            order by case when team_count = 1 then 0 else 1 end, level
        ) as level_rank
    from level_teams
),

account_teams as (
    select
        account_id,
        event_date,
        case when team_count = 1 then team_key end as team_key,
        case
            when team_count = 1 then 'ad_account'
            when team_count > 1 then 'ambiguous'
            else 'unattributed'
        end as method
    from ranked_levels
    where level_rank = 1
)

select * from account_teams
