with

buyer_edges as (
    select * from {{ ref('int_identity__buyer_edges') }}
),

chain_links as (
    select * from {{ ref('int_sales__chain_links') }}
),

-- A prepayment and its remainder are one person's, whatever contacts they were given.
edges as (
    select node_a, node_b from buyer_edges
    union all
    select
        'deal:' || node_a as node_a,
        'deal:' || node_b as node_b
    from chain_links
)

select * from edges
