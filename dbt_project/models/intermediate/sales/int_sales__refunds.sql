with

sales as (
    select * from {{ ref('int_sales__accepted') }}
    where is_refunded
),

sale_teams as (
    select * from {{ ref('int_attribution__sale_teams') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

refunds as (
    select
        sales.deal_id,
        sales.payment_kind,
        sales.product,
        sales.left_won_at as refunded_at,
        {{ almaty_date('sales.left_won_at') }} as refund_date,
        sales.amount_kzt as refund_kzt,
        teams.team_name,
        teams.team_id
    from sales
    inner join sale_teams on sales.deal_id = sale_teams.deal_id
    inner join teams
        on coalesce(sale_teams.team_key, 'unattributed') = teams.team_key
)

select * from refunds
