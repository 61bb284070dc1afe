with tripwire_user_profile as (
    select *
    from {{ source('raw', 'tripwire__tripwire_user_profile') }}
    where _deleted_at is null
),

typed as (
    select
        cast(user_id as text) as user_id,
        {{ whole_number('total_modules') }} as total_modules,
        {{ whole_number('modules_completed') }} as modules_completed,
        {{ try_numeric('completion_percentage') }} as completion_percentage,
        {{ try_boolean('certificate_issued') }} as certificate_issued,
        cast(certificate_url as text) as certificate_url,
        {{ utc('certificate_issued_at') }} as certificate_issued_at,
        cast(added_by_manager_id as text) as added_by_manager_id,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from tripwire_user_profile
)

select * from typed
