with

records as (
    select * from {{ ref('int_identity__records') }}
),

deal_links as (
    select * from {{ ref('int_leads__deal_links') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

deal_tests as (
    select * from {{ ref('int_sales__tests') }}
),

contact_edges as (
    select
        record as node_a,
        identifier as node_b
    from records
    where not is_guarded
),

-- A lead and the deal it became are one person even without contact data.
deal_edges as (
    select
        'lead:' || leads.lead_key as node_a,
        'deal:' || cast(deals.deal_id as text) as node_b
    from deal_links
    inner join leads on deal_links.lead_key = leads.lead_key
    inner join deals on deal_links.deal_id = deals.deal_id
    left join deal_tests on deals.deal_id = deal_tests.deal_id
    where deal_tests.deal_id is null
),

-- A payment and the prepayment that its row names were made by one person.
prepayment_edges as (
    select
        'deal:' || cast(deals.deal_id as text) as node_a,
        'deal:' || cast(prepayments.deal_id as text) as node_b
    from deals
    inner join deals as prepayments on deals.prepayment_deal_id = prepayments.deal_id
    left join deal_tests on deals.deal_id = deal_tests.deal_id
    left join deal_tests as prepayment_tests
        on prepayments.deal_id = prepayment_tests.deal_id
    where deal_tests.deal_id is null and prepayment_tests.deal_id is null
),

edges as (
    select * from contact_edges
    union distinct
    select * from deal_edges
    union distinct
    select * from prepayment_edges
)

select * from edges
