-- A quiet day of an account was missing, so that nobody saw that it was never read; or
-- a day was called final while something was still to come.
{{ config(meta={'dagster': {'ref': {'name': 'spend_reconciliation'}}}) }}
with

reconciliation as (
    select * from {{ ref('spend_reconciliation') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

days as (
    select * from {{ ref('int_calendar__days') }}
),

absent as (
    select
        accounts.account_id,
        days.date,
        'absent' as problem
    from accounts
    inner join days
        on days.date <= accounts.local_today
        and days.date >= coalesce(accounts.created_date, days.date)
    left join reconciliation
        on accounts.account_id = reconciliation.ad_account_id
        and days.date = reconciliation.stat_date
    where accounts.is_listed and reconciliation.stat_date is null
),

misjudged as (
    select
        ad_account_id as account_id,
        stat_date as date,
        'misjudged' as problem
    from reconciliation
    where
        is_final
        <> (
            is_covered
            and is_over
            and is_mature
            and gaps = 0
            and account_spend is not null
        )
        or is_final <> (reason is null)
),

broken as (
    select * from absent
    union all
    select * from misjudged
)

select * from broken
