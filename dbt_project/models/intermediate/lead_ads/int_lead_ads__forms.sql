with

forms as (
    select * from {{ ref('stg_facebook__lead_forms') }}
),

pages as (
    select * from {{ ref('stg_facebook__pages') }}
),

leads as (
    select * from {{ ref('stg_facebook__leads') }}
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

stored as (
    select
        leads.form_id,
        count(*) as stored_leads,
        count(case when leads.is_organic then 1 end) as stored_organic_leads,
        count(
            case
                when
                    leads.created_at
                    > {{ add_hours(
                        'clock.now_at', '-24 * ' ~ var('facebook_lead_days')
                    ) }}
                    then 1
            end
        ) as kept_leads,
        max(leads.created_at) as newest_lead_at
    from leads
    cross join clock
    group by leads.form_id
),

-- Forms are listed page by page, leads read form by form; both are logged by id.
ranked_loads as (
    select
        table_name,
        scope,
        outcome,
        as_of,
        error,
        row_number() over (
            partition by table_name, scope order by load_id desc
        ) as attempt_rank
    from loads
    where
        system = 'facebook'
        and table_name in ('lead_forms', 'leads')
        and scope <> ''
),

readings as (
    select
        table_name,
        scope,
        max(case when outcome = 'loaded' then as_of end) as last_read_at,
        max(
            case
                when attempt_rank = 1 and outcome in ('denied', 'failed') then outcome
            end
        ) as problem,
        max(
            case
                when attempt_rank = 1 and outcome in ('denied', 'failed')
                    then {{ first_line('error') }}
            end
        ) as error
    from ranked_loads
    group by table_name, scope
)

select
    forms.form_id,
    forms.form_name,
    forms.page_id,
    pages.page_name,
    forms.status,
    forms.created_at,
    forms.leads_count,
    forms.organic_leads_count,
    forms.expired_leads_count,
    coalesce(stored.stored_leads, 0) as stored_leads,
    coalesce(stored.stored_organic_leads, 0) as stored_organic_leads,
    coalesce(stored.kept_leads, 0) as kept_leads,
    stored.newest_lead_at,
    page_readings.last_read_at as counted_at,
    form_readings.last_read_at as read_at,
    coalesce(page_readings.problem, form_readings.problem) as problem,
    case
        when page_readings.problem is not null then page_readings.error
        else form_readings.error
    end as error
from forms
left join pages on forms.page_id = pages.page_id
left join stored on forms.form_id = stored.form_id
left join readings as page_readings
    on forms.page_id = page_readings.scope and page_readings.table_name = 'lead_forms'
left join readings as form_readings
    on forms.form_id = form_readings.scope and form_readings.table_name = 'leads'
