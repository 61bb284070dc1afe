with listed_accounts as (
    select *
    from {{ source('raw', 'facebook__listed_accounts') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ json_at('payload', 'listed_by') }} as listed_by
    from listed_accounts
)

select * from flattened
