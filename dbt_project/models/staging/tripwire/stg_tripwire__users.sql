with users as (
    select *
    from {{ source('raw', 'tripwire__users') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as user_id,
        cast(email as text) as email_raw,
        cast(role as text) as role,
        cast(platform as text) as platform,
        {{ try_boolean('onboarding_completed') }} as onboarding_completed,
        {{ utc('last_login_at') }} as last_login_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from users
)

select * from typed
