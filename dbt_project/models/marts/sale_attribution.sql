with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

sale_teams as (
    select * from {{ ref('int_attribution__sale_teams') }}
),

buyers as (
    select * from {{ ref('int_sales__buyers') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

touches as (
    select * from {{ ref('int_attribution__touches') }}
),

utm_teams as (
    select * from {{ ref('int_utm__teams') }}
),

teams as (
    select * from {{ ref('int_teams__known') }}
),

named_touches as (
    select
        touches.deal_id,
        touches.touch,
        touches.utm_source,
        teams.team_name
    from touches
    left join utm_teams on touches.lookup_id = utm_teams.lookup_id
    left join teams on utm_teams.team_key = teams.team_key
),

attributed as (
    select
        sales.deal_id,
        sales.payment_kind,
        sales.product,
        sales.sale_at,
        sales.sale_date,
        sales.amount_kzt,
        teams.team_name,
        teams.team_id,
        sale_teams.user_id,
        sale_teams.method,
        sale_teams.confidence,
        utm_sets.utm_source,
        utm_sets.utm_medium,
        utm_sets.utm_campaign,
        utm_sets.utm_content,
        utm_sets.utm_term,
        utm_sets.utm_issue,
        sale_teams.reason,
        buyers.is_new_buyer,
        first_touches.utm_source as first_touch_utm_source,
        first_touches.team_name as first_touch_team,
        last_touches.utm_source as last_touch_utm_source,
        last_touches.team_name as last_touch_team,
        sales.amount_missing,
        sales.status_unverified,
        sales.date_unverified,
        sales.prepayment_amount_suspicious,
        sales.first_won_at
    from sales
    inner join sale_teams on sales.deal_id = sale_teams.deal_id
    inner join buyers on sales.deal_id = buyers.deal_id
    left join teams
        on coalesce(sale_teams.team_key, 'unattributed') = teams.team_key
    left join utm_sets on sale_teams.set_id = utm_sets.set_id
    left join named_touches as first_touches
        on sales.deal_id = first_touches.deal_id and first_touches.touch = 'first'
    left join named_touches as last_touches
        on sales.deal_id = last_touches.deal_id and last_touches.touch = 'last'
)

select * from attributed
