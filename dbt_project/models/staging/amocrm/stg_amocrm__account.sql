with account as (
    select *
    from {{ source('raw', 'amocrm__account') }}
    where _deleted_at is null
),

flattened as (
    select
        id as account_id,
        {{ json_text('payload', 'name') }} as account_name,
        {{ json_text('payload', 'subdomain') }} as subdomain,
        {{ json_text('payload', 'currency') }} as currency,
        {{ json_text('payload', 'country') }} as country
    from account
)

select * from flattened
