with integration_logs as (
    select *
    from {{ source('raw', 'landing__integration_logs') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as call_id,
        cast(service_name as text) as service_name,
        cast(action as text) as action,
        cast(status as text) as status,
        cast(error_code as text) as error_code,
        {{ whole_number('duration_ms') }} as duration_ms,
        {{ whole_number('retry_count') }} as retry_count,
        {{ utc('created_at') }} as created_at
    from integration_logs
)

select * from typed
