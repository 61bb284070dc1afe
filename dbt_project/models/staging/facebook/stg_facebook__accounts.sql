with accounts as (
    select *
    from {{ source('raw', 'facebook__accounts') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as account_name,
        {{ json_text('payload', 'timezone_name') }} as timezone_name,
        {{ json_text('payload', 'currency') }} as currency,
        cast(
            {{ try_bigint(json_text('payload', 'account_status')) }} as integer
        ) as account_status,
        {{ utc(json_text('payload', 'created_time')) }} as created_at
    from accounts
)

select * from flattened
