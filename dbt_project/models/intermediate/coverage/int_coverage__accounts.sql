with

listed_accounts as (
    select * from {{ ref('stg_facebook__listed_accounts') }}
),

accounts as (
    select * from {{ ref('stg_facebook__accounts') }}
),

account_insights as (
    select * from {{ ref('stg_facebook__account_insights') }}
),

ad_days as (
    select * from {{ ref('int_spend__ad_days') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

known_ids as (
    select account_id from listed_accounts
    union distinct
    select account_id from accounts
    union distinct
    select account_id from account_insights
    union distinct
    select account_id from ad_days
),

zoned as (
    select
        known_ids.account_id,
        accounts.currency,
        accounts.created_at,
        listed_accounts.account_id is not null as is_listed,
        coalesce(accounts.timezone_name, '{{ var("business_timezone") }}') as zone
    from known_ids
    left join listed_accounts on known_ids.account_id = listed_accounts.account_id
    left join accounts on known_ids.account_id = accounts.account_id
),

local_accounts as (
    select
        zoned.account_id,
        zoned.is_listed,
        zoned.currency,
        zoned.zone,
        {{ local_date('zoned.created_at', 'zoned.zone') }} as created_date,
        {{ local_date('clock.now_at', 'zoned.zone') }} as local_today
    from zoned
    cross join clock
)

select * from local_accounts
