with error_logs as (
    select *
    from {{ source('raw', 'landing__error_logs') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as error_id,
        cast(severity as text) as severity,
        cast(category as text) as category,
        cast(environment as text) as environment,
        {{ try_boolean('resolved') }} as resolved,
        {{ utc('"timestamp"') }} as happened_at,
        {{ utc('created_at') }} as created_at
    from error_logs
)

select * from typed
