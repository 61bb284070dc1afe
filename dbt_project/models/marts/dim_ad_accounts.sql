{%- set issues = {
    'bound_without_access': 'team_count > 0 and not is_reachable',
    'currency_changed': 'currency_changed_at is not null',
    'not_active': "status <> 'active'",
    'spends_without_team': 'has_recent_spend and team_count = 0',
    'zone_changed': 'zone_changed_at is not null',
} -%}

with

known_accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

accounts as (
    select * from {{ ref('int_accounts__described') }}
),

lists as (
    select * from {{ ref('int_accounts__lists') }}
),

teams_bound as (
    select * from {{ ref('int_accounts__teams_bound') }}
),

access as (
    select * from {{ ref('int_accounts__access') }}
),

changes as (
    select * from {{ ref('int_accounts__changes') }}
),

spend as (
    select * from {{ ref('int_accounts__spend') }}
),

assembled as (
    select
        known_accounts.account_id,
        accounts.account_name,
        accounts.currency,
        accounts.timezone_name,
        accounts.timezone_name = '{{ var("business_timezone") }}' as is_business_zone,
        accounts.account_status,
        accounts.status,
        known_accounts.created_date,
        known_accounts.is_listed,
        lists.listed_by,
        access.is_reachable,
        teams_bound.teams_bound,
        coalesce(teams_bound.team_count, 0) as team_count,
        spend.first_spend_date,
        spend.last_spend_date,
        spend.spend_28d,
        coalesce(spend.has_recent_spend, false) as has_recent_spend,
        changes.zone_changed_at,
        changes.currency_changed_at
    from known_accounts
    left join accounts on known_accounts.account_id = accounts.account_id
    left join lists on known_accounts.account_id = lists.account_id
    left join teams_bound on known_accounts.account_id = teams_bound.account_id
    left join access on known_accounts.account_id = access.account_id
    left join changes on known_accounts.account_id = changes.account_id
    left join spend on known_accounts.account_id = spend.account_id
),

examined as (
    select
        assembled.*,
        nullif(
            concat_ws(
                ', ',
                {% for issue, condition in issues | dictsort -%}
                case when {{ condition }} then '{{ issue }}' end
                {{- ',' if not loop.last }}
                {% endfor %}
            ),
            ''
        ) as issues
    from assembled
)

select
    account_id as ad_account_id,
    account_name,
    currency,
    timezone_name,
    is_business_zone,
    account_status,
    status,
    created_date,
    is_listed,
    listed_by,
    is_reachable,
    teams_bound,
    cast(team_count as integer) as team_count,
    first_spend_date,
    last_spend_date,
    cast(spend_28d as numeric(18, 2)) as spend_28d,
    zone_changed_at,
    currency_changed_at,
    issues
from examined
