with

records as (
    select * from {{ ref('int_identity__records') }}
),

-- Counting persons looks at leads only, and so does its guard.
lead_identifiers as (
    select
        lead_key as node_a,
        identifier as node_b,
        count(*) over (partition by identifier) as record_count
    from records
    where lead_key is not null
),

edges as (
    select
        node_a,
        node_b
    from lead_identifiers
    where record_count <= {{ var('identity_guard_records') }}
)

select * from edges
