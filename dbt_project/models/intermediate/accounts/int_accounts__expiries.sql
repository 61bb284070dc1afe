with

expiries as (
    select * from {{ ref('stg_facebook__expiries') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

dated as (
    select
        expiries.kind,
        expiries.subject,
        expiries.expires_at,
        {{ almaty_date('expiries.expires_at') }} as expires_date,
        {{ days_apart('clock.today', almaty_date('expiries.expires_at')) }}
            as days_left,
        coalesce(expiries.expires_at <= clock.now_at, false) as has_ended,
        expiries.note,
        expiries.reason
    from expiries
    cross join clock
)

select * from dated
