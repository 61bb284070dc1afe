with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
),

contact_identifiers as (
    select * from {{ ref('stg_amocrm__contact_identifiers') }}
),

phones_written as (
    select phone_raw as raw_value from leads
    where phone_raw is not null
    union distinct
    select phone_raw from sale_rows
    where phone_raw is not null
    union distinct
    select value_raw from contact_identifiers
    where kind = 'phone' and value_raw is not null
),

emails_written as (
    select email_raw as raw_value from leads
    where email_raw is not null
    union distinct
    select email_raw from sale_rows
    where email_raw is not null
    union distinct
    select value_raw from contact_identifiers
    where kind = 'email' and value_raw is not null
),

-- Each spelling is normalised once; one spelling may list several phones.
normalised as (
    select
        'phone' as kind,
        phones_written.raw_value,
        'phone:' || found.identifier as identifier
    from phones_written
    cross join {{ unnest(phones('phones_written.raw_value')) }} as found (identifier)
    union all
    select
        'email' as kind,
        emails_written.raw_value,
        'email:' || found.identifier as identifier
    from emails_written
    cross join {{ unnest(emails('emails_written.raw_value')) }} as found (identifier)
)

select * from normalised
