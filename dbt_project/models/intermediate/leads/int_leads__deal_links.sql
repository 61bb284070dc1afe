with

deals_named as (
    select * from {{ ref('int_leads__deals_named') }}
),

newest as (
    select
        lead_key,
        deal_id,
        link_rank
    from deals_named
    where recency = 1
)

select * from newest
