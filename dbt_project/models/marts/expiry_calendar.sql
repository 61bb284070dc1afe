with

expiries as (
    select * from {{ ref('int_accounts__expiries') }}
),

remedies as (
    select * from {{ ref('expiry_remedies') }}
),

-- Without a day something never ends, unless nobody could tell the day.
judged as (
    select
        expiries.*,
        remedies.remedy,
        case
            when expiries.expires_at is null and expiries.note is not null
                then 'unknown'
            when expiries.expires_at is null then 'never'
            when expiries.has_ended then 'ended'
            when expiries.days_left <= {{ var('expiry_warning_days') }} then 'soon'
            else 'ok'
        end as state
    from expiries
    left join remedies on expiries.kind = remedies.kind
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
