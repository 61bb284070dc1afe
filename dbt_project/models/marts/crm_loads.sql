{%- set counters = ['calls', 'pages', 'fetched', 'repeats', 'stale', 'new', 'changed',
    'unchanged', 'passes', 'missing', 'unknown'] -%}

with

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
    where system = 'amocrm'
),

newest as (
    select max(as_of) as as_of from loads
),

counted as (
    select
        loads.*,
        {% for counter in counters -%}
        cast({{ json_text('loads.details', counter) }} as bigint) as {{ counter }}_count,
        {% endfor -%}
        cast({{ json_text('loads.details', 'waited_seconds') }} as numeric(18, 3))
            as waited_seconds,
        {{ json_text('loads.details', 'via') }} as via,
        cast({{ json_text('loads.details', 'agreed') }} as boolean) as is_agreed
    from loads
    cross join newest
    where
        loads.as_of
        > {{ add_hours('newest.as_of', '-24 * ' ~ var('crm_watch_days')) }}
)

-- What was fetched is new, changed, unchanged, stale or came twice; nothing else.
select
    load_id,
    run_id,
    table_name,
    scope,
    mode,
    via,
    outcome,
    as_of,
    started_at,
    finished_at,
    seconds,
    {% for counter in counters -%}
    {{ counter }}_count,
    {% endfor -%}
    waited_seconds,
    is_agreed,
    fetched_count
    = coalesce(repeats_count, 0)
    + coalesce(stale_count, 0)
    + coalesce(new_count, 0)
    + coalesce(changed_count, 0)
    + coalesce(unchanged_count, 0) as is_balanced,
    row_number() over (
        partition by table_name, outcome order by load_id desc
    ) = 1 as is_newest,
    {{ first_line('error') }} as error
from counted
