with

accounts as (
    select * from {{ ref('stg_facebook__accounts') }}
),

statuses as (
    select * from {{ ref('facebook_account_statuses') }}
),

-- A number that Facebook made up since is not active, whatever it means.
described as (
    select
        accounts.account_id,
        accounts.account_name,
        accounts.timezone_name,
        accounts.currency,
        accounts.account_status,
        case
            when accounts.account_status is not null
                then coalesce(statuses.status, 'unknown')
        end as status
    from accounts
    left join statuses on accounts.account_status = statuses.account_status
)

select * from described
