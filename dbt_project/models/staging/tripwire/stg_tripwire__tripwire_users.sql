with tripwire_users as (
    select *
    from {{ source('raw', 'tripwire__tripwire_users') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as enrolment_id,
        cast(user_id as text) as user_id,
        cast(email as text) as email_raw,
        cast(granted_by as text) as granted_by,
        {{ try_boolean('password_changed') }} as password_changed,
        {{ try_boolean('welcome_email_sent') }} as welcome_email_sent,
        {{ utc('welcome_email_sent_at') }} as welcome_email_sent_at,
        {{ utc('first_login_at') }} as first_login_at,
        {{ utc('last_active_at') }} as last_active_at,
        {{ whole_number('modules_completed') }} as modules_completed,
        cast(status as text) as status,
        {{ try_numeric('price') }} as price,
        {{ try_bigint('amocrm_deal_id') }} as deal_id,
        cast(amocrm_contact_id as text) as amocrm_contact_id,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from tripwire_users
)

select * from typed
