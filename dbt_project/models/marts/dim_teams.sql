with

teams as (
    select * from {{ ref('int_teams__known') }}
)

select team_id, team_name, team_key, is_current
from teams
