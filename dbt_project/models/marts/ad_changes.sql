with

changes as (
    select * from {{ ref('int_ad_changes__described') }}
),

effects as (
    select * from {{ ref('int_ad_changes__effects') }}
),

change_teams as (
    select * from {{ ref('int_ad_changes__teams') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__named') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
)

select
    changes.account_id as ad_account_id,
    changes.activity_id,
    changes.event_at,
    changes.stat_date,
    changes.event_type,
    changes.change_kind,
    changes.is_edit,
    changes.description,
    changes.object_kind,
    changes.object_id,
    changes.object_name,
    changes.campaign_id,
    campaigns.campaign_name,
    teams.team_id,
    teams.team_name,
    changes.old_value,
    changes.new_value,
    {%- for side in ['before', 'after'] %}
    cast(effects.spend_usd_{{ side }} as numeric(18, 2)) as spend_usd_{{ side }},
    cast(effects.spend_kzt_{{ side }} as numeric(18, 2)) as spend_kzt_{{ side }},
    cast(effects.leads_{{ side }} as bigint) as leads_{{ side }},
    {{ cpl_usd('effects.spend_usd_' ~ side, 'effects.leads_' ~ side) }}
        as cpl_usd_{{ side }}{{ ',' if not loop.last }}
    {%- endfor %}
from changes
inner join change_teams
    on
        changes.account_id = change_teams.account_id
        and changes.activity_id = change_teams.activity_id
inner join teams on change_teams.team_key = teams.team_key
left join campaigns on changes.campaign_id = campaigns.campaign_id
left join effects
    on
        changes.campaign_id = effects.campaign_id
        and changes.stat_date = effects.stat_date
