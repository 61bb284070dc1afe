with

facts as (
    select * from {{ ref('int_ownership__facts') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

bound as (
    select distinct
        facts.fact_key as account_id,
        facts.team_key
    from facts
    inner join clock
        on clock.today >= facts.valid_from and clock.today < facts.valid_to
    where
        facts.fact_type in ('account_binding', 'integration_account', 'team_account')
        and facts.team_key is not null
),

accounts as (
    select
        bound.account_id,
        count(*) as team_count,
        {{ text_agg('teams.team_name', ', ', 'teams.team_name') }} as teams_bound
    from bound
    inner join teams on bound.team_key = teams.team_key
    group by bound.account_id
)

select * from accounts
