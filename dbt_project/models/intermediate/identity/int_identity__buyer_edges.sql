with

records as (
    select * from {{ ref('int_identity__records') }}
),

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

sale_identifiers as (
    select
        records.record as node_a,
        records.identifier as node_b,
        count(*) over (partition by records.identifier) as record_count
    from records
    inner join sales on records.deal_id = sales.deal_id
),

edges as (
    select
        node_a,
        node_b
    from sale_identifiers
    where record_count <= {{ var('identity_guard_records') }}
)

select * from edges
