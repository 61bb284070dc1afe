with

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

-- A throttled or broken call says nothing of access: only an answer and a refusal do.
answers as (
    select
        scope as account_id,
        outcome,
        row_number() over (partition by scope order by load_id desc) as recency
    from loads
    where
        system = 'facebook'
        and table_name = 'accounts'
        and outcome in ('loaded', 'denied')
),

access as (
    select
        account_id,
        outcome = 'loaded' as is_reachable
    from answers
    where recency = 1
)

select * from access
