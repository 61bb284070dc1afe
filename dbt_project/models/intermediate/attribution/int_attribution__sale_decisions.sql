with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

steps as (
    select * from {{ ref('int_attribution__sale_steps') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

deciding_steps as (
    select
        steps.*,
        row_number() over (
            partition by deal_id order by step, read_order
        ) as decision_rank
    from steps
    where team_key is not null or is_final
),

-- A step that was never taken doubts nothing.
doubtful_sales as (
    select distinct steps.deal_id
    from steps
    left join deciding_steps
        on
            steps.deal_id = deciding_steps.deal_id
            and deciding_steps.decision_rank = 1
    where
        steps.is_ambiguous
        and steps.step < coalesce(deciding_steps.step, steps.step + 1)
),

-- Without a team the reason is doubt, if any step doubted, else the deal's own UTM.
decided as (
    select
        sales.deal_id,
        sales.sale_at,
        deciding_steps.team_key,
        deciding_steps.user_id,
        case
            when deciding_steps.team_key is not null then deciding_steps.method
            when deciding_steps.method = 'manual' then 'manual'
            when deciding_steps.is_final then 'unattributed'
            when doubtful_sales.deal_id is not null then 'ambiguous'
            else 'unattributed'
        end as method,
        case
            when deciding_steps.team_key is not null or deciding_steps.method = 'manual'
                then deciding_steps.confidence
            else 'none'
        end as confidence,
        coalesce(deciding_steps.set_id, sales.current_set_id) as set_id,
        case
            when deciding_steps.team_key is not null then null
            when doubtful_sales.deal_id is not null then 'ambiguous'
            when deal_sets.is_generic then 'generic_utm'
            when deal_sets.is_usable then 'unknown_utm'
            else 'no_utm'
        end as reason
    from sales
    left join deciding_steps
        on
            sales.deal_id = deciding_steps.deal_id
            and deciding_steps.decision_rank = 1
    left join doubtful_sales on sales.deal_id = doubtful_sales.deal_id
    left join utm_sets as deal_sets on sales.current_set_id = deal_sets.set_id
)

select * from decided
