with

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
    where deal_id is not null
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

deal_contacts as (
    select * from {{ ref('stg_amocrm__deal_contacts') }}
),

contacts as (
    select * from {{ ref('stg_amocrm__contacts') }}
),

raw_sets as (
    select * from {{ ref('int_sales__raw_utm_sets') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

test_deals as (
    select * from {{ ref('test_deals') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
    where kind = 'test'
),

-- Seconds of the epoch once served as ids; a deal that AmoCRM knows is real.
fakes as (
    select distinct sale_rows.deal_id
    from sale_rows
    left join deals on sale_rows.deal_id = deals.deal_id
    where sale_rows.deal_id >= {{ var('fake_deal_id_min', 1000000000) }}
        and deals.deal_id is null
),

test_contacts as (
    select contact_id from contacts
    where {{ is_test_name('contact_name') }}
),

-- One flagged copy makes the deal a test.
tests as (
    select deal_id, 'fake_id' as why from fakes
    union distinct
    select deal_id, 'known_id' as why from test_deals
    union distinct
    select deal_id, 'table_row' as why from sale_rows
    where
        is_test_run
        or {{ is_test_name('customer_name') }}
        or {{ is_test_name('lead_name') }}
    union distinct
    select deal_id, 'name' as why from deals
    where {{ is_test_name('deal_name') }}
    union distinct
    select deal_contacts.deal_id, 'contact_name' as why
    from deal_contacts
    inner join test_contacts on deal_contacts.contact_id = test_contacts.contact_id
    union distinct
    select sale_rows.deal_id, 'contact_name' as why
    from sale_rows
    inner join test_contacts on sale_rows.contact_id = test_contacts.contact_id
    union distinct
    select raw_sets.deal_id, 'utm' as why
    from raw_sets
    inner join utm_sets on raw_sets.set_id = utm_sets.set_id
    where utm_sets.is_test and raw_sets.deal_id is not null
    union distinct
    select sale_rows.deal_id, 'pipeline' as why
    from sale_rows
    inner join pipelines on sale_rows.pipeline_id = pipelines.pipeline_id
    union distinct
    select deals.deal_id, 'pipeline' as why
    from deals
    inner join pipelines on deals.pipeline_id = pipelines.pipeline_id
),

flagged as (
    select
        deal_id,
        case when {{ any_of("why = 'fake_id'") }} then 'fake_id' else 'test' end
            as reject_reason,
        {{ text_agg('why', ', ', 'why') }} as why
    from tests
    group by deal_id
)

select * from flagged
