-- Hourly loads are many and cover two days each; what a day's last ones were is asked
-- for every day, so it is worked out once.
with

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

days as (
    select * from {{ ref('int_spend__account_dates') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

facebook_loads as (
    select
        load_id,
        scope as account_id,
        table_name,
        window_start,
        window_end,
        outcome,
        as_of,
        error,
        {{ json_text('details', 'step') }} as ladder_step,
        max(case when outcome = 'loaded' then load_id end) over (
            partition by scope, table_name
        ) as last_loaded_id,
        row_number() over (
            partition by scope, table_name, window_start, window_end, outcome
            order by load_id desc
        ) as recency
    from loads
    where
        system = 'facebook' and table_name in ('ad_insights', 'account_insights')
),

-- Refused before a day was asked for, the whole account is unread until it loads again.
attempts as (
    select
        load_id,
        account_id,
        table_name,
        coalesce(window_start, cast('0001-01-01' as date)) as window_start,
        coalesce(window_end, cast('9999-12-31' as date)) as window_end,
        outcome,
        as_of,
        error,
        ladder_step
    from facebook_loads
    where
        recency = 1
        and (
            window_start is not null
            or (outcome <> 'loaded' and load_id > coalesce(last_loaded_id, 0))
        )
),

day_attempts as (
    select
        days.account_id,
        days.date,
        attempts.table_name,
        attempts.outcome,
        attempts.as_of,
        attempts.error,
        attempts.ladder_step,
        row_number() over (
            partition by days.account_id, days.date, attempts.table_name
            order by attempts.load_id desc
        ) as attempt_rank,
        row_number() over (
            partition by
                days.account_id, days.date, attempts.table_name,
                case when attempts.outcome = 'loaded' then 1 else 0 end
            order by attempts.load_id desc
        ) as outcome_rank
    from days
    inner join attempts
        on days.account_id = attempts.account_id
        and days.date >= attempts.window_start
        and days.date <= attempts.window_end
),

-- A day is read when both its tables are: the older of the two reads counts.
day_loads as (
    select
        account_id,
        date,
        case
            when
                count(case when outcome = 'loaded' and outcome_rank = 1 then 1 end) = 2
                then min(
                    case when outcome = 'loaded' and outcome_rank = 1 then as_of end
                )
        end as last_read_at,
        max(
            case
                when
                    table_name = 'ad_insights'
                    and outcome = 'loaded'
                    and outcome_rank = 1
                    then ladder_step
            end
        ) as ladder_step,
        max(
            case when attempt_rank = 1 and outcome = 'denied' then 1 else 0 end
        ) = 1 as is_denied,
        max(
            case when attempt_rank = 1 and outcome = 'failed' then 1 else 0 end
        ) = 1 as is_failed,
        min(
            case
                when attempt_rank = 1 and outcome in ('denied', 'failed')
                    then {{ first_line('error') }}
            end
        ) as error
    from day_attempts
    group by account_id, date
)

select
    day_loads.account_id,
    day_loads.date,
    day_loads.last_read_at,
    {{ days_apart(
        'day_loads.date', local_date('day_loads.last_read_at', 'accounts.zone')
    ) }} as last_read_age_days,
    day_loads.ladder_step,
    day_loads.is_denied,
    day_loads.is_failed,
    day_loads.error
from day_loads
inner join accounts on day_loads.account_id = accounts.account_id
