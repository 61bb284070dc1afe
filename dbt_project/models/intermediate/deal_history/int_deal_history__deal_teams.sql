with

sale_teams as (
    select * from {{ ref('int_attribution__sale_teams') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
    where deal_id is not null
),

lead_teams as (
    select * from {{ ref('int_attribution__lead_teams') }}
    where team_key is not null
),

owners as (
    select * from {{ ref('int_deal_history__utm_owners') }}
    where side = 'own'
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
    where team_key is not null
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

-- A sale's team is final, even when it is nobody's.
named as (
    select
        deal_id,
        'sale' as named_by,
        coalesce(team_key, 'unattributed') as team_key,
        1 as choice
    from sale_teams
    union all
    select
        leads.deal_id,
        'lead' as named_by,
        lead_teams.team_key,
        1 + row_number() over (
            partition by leads.deal_id order by leads.lead_at, leads.lead_key
        ) as choice
    from leads
    inner join lead_teams on leads.lead_key = lead_teams.lead_key
    union all
    select
        owners.deal_id,
        'utm' as named_by,
        utm_teams.team_key,
        cast(9223372036854775807 as bigint) as choice
    from owners
    inner join utm_teams on owners.lookup_id = utm_teams.lookup_id
),

ranked as (
    select
        named.*,
        row_number() over (partition by deal_id order by choice) as place
    from named
),

chosen as (
    select
        ranked.deal_id,
        ranked.named_by,
        teams.team_id,
        teams.team_name
    from ranked
    inner join teams on ranked.team_key = teams.team_key
    where ranked.place = 1
)

select * from chosen
