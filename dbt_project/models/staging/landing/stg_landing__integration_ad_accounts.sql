with integration_ad_accounts as (
    select *
    from {{ source('raw', 'landing__integration_ad_accounts') }}
    where _deleted_at is null
),

typed as (
    select
        coalesce(
            {{ account_id('account_id') }}, cast(account_id as text)
        ) as ad_account_id,
        cast(team_name as text) as team_name,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from integration_ad_accounts
)

select * from typed
