with

declared_tables as (
    {{ declared_tables() }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

listed_accounts as (
    select * from {{ ref('stg_facebook__listed_accounts') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

-- An account that is no longer listed makes no table late.
relevant_loads as (
    select loads.*
    from loads
    left join listed_accounts on loads.scope = listed_accounts.account_id
    where loads.scope = '' or listed_accounts.account_id is not null
),

ranked_loads as (
    select
        *,
        row_number() over (
            partition by system, table_name, scope order by load_id desc
        ) as attempt_rank,
        row_number() over (
            partition by system, table_name, scope, outcome order by load_id desc
        ) as outcome_rank
    from relevant_loads
),

-- Of a table's accounts the one that fares worst speaks for all.
tables as (
    select
        system,
        table_name,
        min(case when outcome = 'loaded' then as_of end) as last_loaded_at,
        sum(case when outcome = 'loaded' then rows_read end) as rows_read,
        max(case when outcome = 'loaded' then newest_row_at end) as newest_row_at,
        case
            max(
                case
                    when attempt_rank > 1 then 0
                    when outcome = 'failed' then 4
                    when outcome = 'denied' then 3
                    when outcome = 'absent' then 2
                    else 1
                end
            )
            when 4 then 'failed'
            when 3 then 'denied'
            when 2 then 'absent'
            else 'loaded'
        end as outcome,
        max(case when attempt_rank = 1 then error end) as error,
        {{ text_agg(
            "case when attempt_rank = 1 and scope <> '' "
            "and outcome in ('failed', 'denied') then scope end",
            ', ', 'scope'
        ) }} as accounts_behind
    from ranked_loads
    where attempt_rank = 1 or (outcome = 'loaded' and outcome_rank = 1)
    group by system, table_name
),

measured as (
    select
        declared_tables.system,
        declared_tables.table_name,
        declared_tables.is_optional,
        tables.outcome,
        tables.last_loaded_at,
        tables.rows_read,
        tables.newest_row_at,
        tables.error,
        tables.accounts_behind,
        {{ hours_apart('tables.last_loaded_at', 'clock.now_at') }} as hours_behind
    from declared_tables
    cross join clock
    left join tables
        on declared_tables.system = tables.system
        and declared_tables.table_name = tables.table_name
)

select
    system,
    table_name,
    case
        when outcome = 'absent' and last_loaded_at is null then 'absent'
        when outcome = 'denied' and is_optional then 'denied'
        when last_loaded_at is null then 'never_loaded'
        when outcome <> 'loaded' or hours_behind > {{ var('freshness_hours', 26) }}
            then 'behind'
        else 'ok'
    end as state,
    outcome,
    last_loaded_at,
    cast(hours_behind as numeric(18, 2)) as hours_behind,
    cast(rows_read as bigint) as rows_read,
    newest_row_at,
    error,
    accounts_behind
from measured
