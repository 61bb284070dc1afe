with

expiries as (
    select * from {{ ref('stg_facebook__expiries') }}
),

remedies as (
    select * from {{ ref('expiry_remedies') }}
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
        {{ days_apart('clock.today', almaty_date('expiries.expires_at')) }} as days_left,
        expiries.expires_at <= clock.now_at as has_ended,
        expiries.note,
        expiries.reason,
        remedies.remedy
    from expiries
    cross join clock
    left join remedies on expiries.kind = remedies.kind
),

-- Without a day something never ends, unless Facebook could not be asked.
judged as (
    select
        *,
        case
            when expires_at is null and note is not null then 'unknown'
            when expires_at is null then 'never'
            when has_ended then 'ended'
            when days_left <= {{ var('expiry_warning_days') }} then 'soon'
            else 'ok'
        end as state
    from dated
)

select
    kind,
    subject,
    expires_at,
    expires_date,
    cast(days_left as integer) as days_left,
    state,
    case when state in ('ended', 'soon') then remedy end as what_to_do,
    coalesce(reason, note) as detail
from judged
