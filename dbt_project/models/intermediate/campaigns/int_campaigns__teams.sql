with

campaign_days as (
    select * from {{ ref('int_campaigns__days') }}
),

manual_teams as (
    select * from {{ ref('int_campaigns__manual_teams') }}
),

owners as (
    select * from {{ ref('int_campaigns__owners') }}
),

account_teams as (
    select * from {{ ref('int_campaigns__account_teams') }}
),

-- The steps in their order; `is_answer` is false where a step names two teams.
answers as (
    select
        campaign_id, event_date, 1 as step, 'manual' as method, team_key,
        cast(null as text) as user_id, is_final_unattributed, true as is_answer
    from manual_teams
    union all
    select
        campaign_id, event_date, step, method, team_key, user_id,
        false as is_final_unattributed, team_count = 1 as is_answer
    from owners
    union all
    select
        campaign_days.campaign_id, campaign_days.event_date, 5 as step,
        account_teams.method, account_teams.team_key, cast(null as text) as user_id,
        false as is_final_unattributed, account_teams.method = 'ad_account' as is_answer
    from campaign_days
    inner join account_teams
        on campaign_days.account_id = account_teams.account_id
        and campaign_days.event_date = account_teams.event_date
    where account_teams.method <> 'unattributed'
),

ranked_answers as (
    select
        *,
        row_number() over (
            partition by campaign_id, event_date
            order by case when is_answer then 0 else 1 end, step
        ) as answer_rank
    from answers
),

campaign_teams as (
    select
        campaign_days.campaign_id,
        campaign_days.event_date,
        case when answers.is_answer then answers.team_key end as team_key,
        case when answers.is_answer then answers.user_id end as user_id,
        case
            when answers.is_answer then answers.method
            when not answers.is_answer then 'ambiguous'
            else 'unattributed'
        end as method,
        coalesce(answers.is_final_unattributed, false) as is_final_unattributed
    from campaign_days
    left join ranked_answers as answers
        on campaign_days.campaign_id = answers.campaign_id
        and campaign_days.event_date = answers.event_date
        and answers.answer_rank = 1
)

select * from campaign_teams
