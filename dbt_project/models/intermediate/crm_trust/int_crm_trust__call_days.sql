with

calls as (
    select * from {{ ref('stg_amocrm__api_calls') }}
),

newest as (
    select max(called_at) as called_at from calls
),

daily as (
    select
        {{ almaty_date('calls.called_at') }} as date,
        calls.table_name,
        calls.path,
        count(*) as calls,
        count(case when calls.status = 429 then 1 end) as throttled,
        count(case when calls.status in (401, 403) then 1 end) as refused,
        count(case when calls.status >= 500 or calls.status is null then 1 end) as failed,
        sum(calls.waited_ms) as waited_ms,
        max(calls.retry_after) as longest_retry_after,
        percentile_disc(0.5) within group (order by calls.milliseconds) as p50_ms,
        percentile_disc(0.95) within group (order by calls.milliseconds) as p95_ms
    from calls
    cross join newest
    where
        calls.called_at
        > {{ add_hours('newest.called_at', '-24 * ' ~ var('crm_watch_days')) }}
    group by {{ almaty_date('calls.called_at') }}, calls.table_name, calls.path
)

select * from daily
