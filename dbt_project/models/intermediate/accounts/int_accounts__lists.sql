with

listed_accounts as (
    select * from {{ ref('stg_facebook__listed_accounts') }}
),

lists as (
    select distinct
        listed_accounts.account_id,
        {{ json_scalar('lists.item') }} as list_name
    from listed_accounts
    cross join lateral
        {{ json_elements('listed_accounts.listed_by') }} as lists (item, place)
),

accounts as (
    select
        account_id,
        {{ text_agg('list_name', ', ', 'list_name') }} as listed_by
    from lists
    group by account_id
)

select * from accounts
