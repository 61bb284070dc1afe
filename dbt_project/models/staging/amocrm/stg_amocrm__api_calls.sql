with api_calls as (
    select * from {{ source('raw', 'amocrm__api_calls') }}
),

read as (
    select
        call_id,
        called_at,
        run_id,
        table_name,
        path,
        status,
        milliseconds,
        waited_ms,
        retry_after
    from api_calls
)

select * from read
