with

entries as (
    select * from {{ ref('stg_landing__manual_attribution_log') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

keyed_entries as (
    select
        entry_id,
        stat_date,
        campaign_id,
        {{ team_key('new_team') }} as team_key,
        created_at
    from entries
),

-- An entry that names no known team is no decision; the one before it stands.
valid_entries as (
    select
        keyed_entries.entry_id,
        keyed_entries.stat_date as event_date,
        keyed_entries.campaign_id,
        case
            when keyed_entries.team_key not in ('unassigned', 'unattributed')
                then keyed_entries.team_key
        end as team_key,
        keyed_entries.team_key in (
            'unassigned', 'unattributed'
        ) as is_final_unattributed,
        row_number() over (
            partition by keyed_entries.campaign_id, keyed_entries.stat_date
            order by keyed_entries.created_at desc, keyed_entries.entry_id desc
        ) as entry_rank
    from keyed_entries
    left join teams on keyed_entries.team_key = teams.team_key
    where keyed_entries.team_key = 'unassigned' or teams.team_key is not null
),

latest_entries as (
    select campaign_id, event_date, team_key, is_final_unattributed
    from valid_entries
    where entry_rank = 1
)

select * from latest_entries
