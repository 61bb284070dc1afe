with

forms as (
    select * from {{ ref('int_lead_ads__forms') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

-- Facebook counts every lead a form ever had, and gives those of the last 90 days.
compared as (
    select
        *,
        case
            when leads_count is not null
                then greatest(
                    leads_count - coalesce(expired_leads_count, 0) - kept_leads, 0
                )
        end as missing_leads,
        greatest(
            coalesce(expired_leads_count, 0) - (stored_leads - kept_leads), 0
        ) as lost_leads
    from forms
),

-- With every lead stored, those to come are at stake since the count; else all since
-- the last reading are.
dated as (
    select
        *,
        case
            when missing_leads = 0 and problem is null
                then greatest(counted_at, coalesce(read_at, counted_at))
            else coalesce(read_at, created_at)
        end as unread_since
    from compared
),

judged as (
    select
        dated.*,
        case
            when dated.problem is not null then dated.problem
            when dated.missing_leads is null then 'not_counted'
            when dated.missing_leads > 0 then 'missing'
            else 'complete'
        end as state,
        {{ add_hours('dated.unread_since', '24 * ' ~ var('facebook_lead_days')) }}
            as cliff_at,
        clock.now_at
    from dated
    cross join clock
)

select
    form_id,
    form_name,
    page_id,
    page_name,
    status,
    leads_count,
    organic_leads_count,
    expired_leads_count,
    cast(stored_leads as bigint) as stored_leads,
    cast(stored_organic_leads as bigint) as stored_organic_leads,
    cast(missing_leads as bigint) as missing_leads,
    cast(lost_leads as bigint) as lost_leads,
    newest_lead_at,
    counted_at,
    read_at,
    cliff_at,
    cast(floor({{ hours_apart('now_at', 'cliff_at') }} / 24) as integer) as days_to_cliff,
    state,
    error
from judged
