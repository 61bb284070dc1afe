with

leads as (
    select * from {{ ref('int_leads__unioned') }}
),

lead_tests as (
    select * from {{ ref('int_leads__tests') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

deal_tests as (
    select * from {{ ref('int_sales__tests') }}
),

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
    where deal_id is not null
),

contact_identifiers as (
    select * from {{ ref('stg_amocrm__contact_identifiers') }}
),

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
),

lead_values as (
    select
        'lead:' || leads.lead_key as record,
        leads.lead_key,
        cast(null as bigint) as deal_id,
        leads.phone_raw,
        leads.email_raw
    from leads
    left join lead_tests on leads.lead_key = lead_tests.lead_key
    where lead_tests.lead_key is null
),

-- A deal answers to its rows' contact data and to its main contact's.
deal_values as (
    select
        deals.deal_id,
        sale_rows.phone_raw,
        sale_rows.email_raw
    from deals
    inner join sale_rows on deals.deal_id = sale_rows.deal_id
    union all
    select
        deals.deal_id,
        case when contact_identifiers.kind = 'phone' then contact_identifiers.value_raw
        end as phone_raw,
        case when contact_identifiers.kind = 'email' then contact_identifiers.value_raw
        end as email_raw
    from deals
    inner join contact_identifiers
        on deals.main_contact_id = contact_identifiers.contact_id
),

real_deal_values as (
    select
        'deal:' || cast(deal_values.deal_id as text) as record,
        cast(null as text) as lead_key,
        deal_values.deal_id,
        deal_values.phone_raw,
        deal_values.email_raw
    from deal_values
    left join deal_tests on deal_values.deal_id = deal_tests.deal_id
    where deal_tests.deal_id is null
),

all_values as (
    select * from lead_values
    union all
    select * from real_deal_values
),

identified as (
    select
        all_values.record,
        all_values.lead_key,
        all_values.deal_id,
        identifiers.kind,
        identifiers.identifier
    from all_values
    inner join identifiers
        on
            all_values.phone_raw = identifiers.raw_value
            and identifiers.kind = 'phone'
    union distinct
    select
        all_values.record,
        all_values.lead_key,
        all_values.deal_id,
        identifiers.kind,
        identifiers.identifier
    from all_values
    inner join identifiers
        on
            all_values.email_raw = identifiers.raw_value
            and identifiers.kind = 'email'
),

-- An identifier that too many records hold is recorded but links nobody.
guarded as (
    select
        identified.*,
        count(*) over (partition by identifier)
        > {{ var('identity_guard_records') }} as is_guarded
    from identified
)

select * from guarded
