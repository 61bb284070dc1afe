with

tables as (
    select * from {{ ref('source_freshness') }}
),

coverage as (
    select * from {{ ref('int_coverage__daily') }}
),

account_finality as (
    select * from {{ ref('int_coverage__account_finality') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

systems as (
    select
        system,
        count(case when state = 'ok' then 1 end) as ok_tables,
        count(case when state in ('behind', 'never_loaded') then 1 end) as late_tables,
        count(case when state = 'behind' then 1 end) as behind_tables,
        min(case when state = 'behind' then last_loaded_at end) as behind_since,
        min(last_loaded_at) as read_to,
        {{ text_agg(
            "case when state in ('behind', 'never_loaded') then table_name end",
            ', ', 'table_name'
        ) }} as late_table_names,
        min(case when state in ('behind', 'never_loaded') then error end) as error
    from tables
    group by system
),

-- A day is final when it is for every listed account that has lived it.
final_days as (
    select
        min(final_to) as final_to,
        {{ text_agg("not_final", '; ', 'account_id') }} as not_final
    from account_finality
    where is_listed
),

covered_days as (
    select
        max(case when is_spend_covered then date end) as spend_covered_to,
        max(
            case
                when is_spend_covered and is_leads_covered and is_sales_covered
                    then date
            end
        ) as all_covered_to
    from coverage
),

system_states as (
    select
        systems.system as subject,
        case
            when systems.late_tables = 0 then 'ok'
            when systems.ok_tables + systems.behind_tables = 0 then 'never_loaded'
            else 'behind'
        end as state,
        systems.behind_since as since,
        case
            when systems.late_tables > 0
                then
                    systems.late_table_names
                    || coalesce(': ' || systems.error, ': not loaded in time')
        end as reason,
        case
            when systems.system = 'facebook' then covered_days.spend_covered_to
            when {{ almaty_date('systems.read_to') }} = clock.today then clock.today
            else {{ add_days(almaty_date('systems.read_to'), -1) }}
        end as covered_to,
        case when systems.system = 'facebook' then final_days.final_to end as final_to,
        case when systems.system = 'facebook' then final_days.not_final end as not_final
    from systems
    cross join covered_days
    cross join final_days
    cross join clock
),

late_systems as (
    select {{ text_agg('subject', ', ', 'subject') }} as names
    from system_states
    where state <> 'ok'
),

edition as (
    select
        'edition' as subject,
        'ok' as state,
        cast(null as timestamp with time zone) as since,
        'without fresh data of ' || late_systems.names as reason,
        covered_days.all_covered_to as covered_to,
        cast(null as date) as final_to,
        cast(null as text) as not_final
    from covered_days
    cross join late_systems
),

subjects as (
    select * from edition
    union all
    select * from system_states
)

select
    subjects.subject,
    subjects.state,
    subjects.since,
    subjects.reason,
    subjects.covered_to,
    subjects.final_to,
    subjects.not_final,
    clock.now_at as as_of
from subjects
cross join clock
