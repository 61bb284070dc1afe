with

history as (
    select * from {{ ref('int_deal_history__values') }}
    where attribute = 'utm'
),

owners as (
    select * from {{ ref('int_deal_history__utm_owners') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
    where team_key is not null
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

owner_teams as (
    select
        owners.deal_id,
        owners.changed_at,
        owners.side,
        teams.team_name
    from owners
    inner join utm_teams on owners.lookup_id = utm_teams.lookup_id
    inner join teams on utm_teams.team_key = teams.team_key
),

changes as (
    select
        history.*,
        first_value(coalesce(history.value_before, history.value)) over (
            partition by history.deal_id, history.field_id order by history.step
        ) as first_value
    from history
    left join tests on history.deal_id = tests.deal_id
    where tests.deal_id is null and history.source <> 'created'
),

numbered as (
    select
        changes.*,
        cast(
            row_number() over (
                partition by deal_id, parameter
                order by held_from, source, source_id, field_id
            ) as integer
        ) as parameter_step,
        row_number() over (
            partition by deal_id, held_from
            order by
                case parameter
                    when 'utm_source' then 1
                    when 'utm_medium' then 2
                    else 3
                end,
                source,
                source_id
        ) = 1
        and parameter in ('utm_source', 'utm_medium') as tells_owner
    from changes
),

-- Source and medium name the owner together, so one row of a moment says it.
owned as (
    select
        numbered.*,
        from_teams.team_name as from_team,
        to_teams.team_name as to_team,
        deal_teams.team_id,
        deal_teams.team_name
    from numbered
    left join deal_teams on numbered.deal_id = deal_teams.deal_id
    left join owner_teams as from_teams
        on
            numbered.tells_owner
            and numbered.deal_id = from_teams.deal_id
            and numbered.held_from = from_teams.changed_at
            and from_teams.side = 'before'
    left join owner_teams as to_teams
        on
            numbered.tells_owner
            and numbered.deal_id = to_teams.deal_id
            and numbered.held_from = to_teams.changed_at
            and to_teams.side = 'after'
)

select
    deal_id,
    parameter,
    parameter_step as step,
    team_id,
    team_name,
    field_id,
    field_rank = 3 as is_by_hand,
    {{ crm_utm_shown('first_value') }} as first_value,
    {{ crm_utm_shown('value_before') }} as value_before,
    {{ crm_utm_shown('value') }} as value_after,
    held_from as changed_at,
    {{ almaty_date('held_from') }} as changed_date,
    author_kind,
    author_user_id,
    from_team,
    to_team,
    coalesce(from_team <> to_team, false) as is_stolen,
    source,
    case when source = 'event' then source_id end as event_id
from owned
