{%- set is_current_only = var('mapping_history') == 'current' -%}

with

versions as (
    select * from {{ ref('ownership_versions') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

valid_facts as (
    select
        fact_type,
        fact_key,
        owner_user_id,
        owner_team_key,
        {% if is_current_only -%}
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
        {%- else -%}
        valid_from,
        valid_to
        {%- endif %}
    from versions
    where fact_type <> 'team'
    {%- if is_current_only %} and valid_to = cast('9999-12-31' as date){% endif %}
),

user_teams as (
    select
        fact_key as user_id,
        owner_team_key as team_key,
        valid_from,
        valid_to
    from valid_facts
    where fact_type = 'user_team'
),

-- A user's fact names the team the user was in: both periods must hold.
resolved_facts as (
    select
        valid_facts.fact_type,
        valid_facts.fact_key,
        nullif(valid_facts.owner_user_id, '') as user_id,
        coalesce(
            nullif(valid_facts.owner_team_key, ''), user_teams.team_key
        ) as team_key,
        greatest(
            valid_facts.valid_from,
            coalesce(user_teams.valid_from, valid_facts.valid_from)
        ) as valid_from,
        least(
            valid_facts.valid_to, coalesce(user_teams.valid_to, valid_facts.valid_to)
        ) as valid_to
    from valid_facts
    left join user_teams
        on valid_facts.owner_team_key = ''
        and valid_facts.owner_user_id = user_teams.user_id
        and valid_facts.valid_from < user_teams.valid_to
        and user_teams.valid_from < valid_facts.valid_to
),

-- A name that is no team's (an integration's label, say) owns nothing.
facts as (
    select
        resolved_facts.fact_type,
        resolved_facts.fact_key,
        {% for part in ['utm_source', 'utm_medium', 'funnel_type'] -%}
        case
            when resolved_facts.fact_type = 'utm_map'
                then {{ ownership_key_part('resolved_facts.fact_key', loop.index) }}
        end as {{ part }},
        {% endfor -%}
        resolved_facts.user_id,
        teams.team_key,
        resolved_facts.valid_from,
        resolved_facts.valid_to
    from resolved_facts
    left join teams
        on
            resolved_facts.team_key = teams.team_key
            and teams.team_key <> 'unattributed'
)

select * from facts
