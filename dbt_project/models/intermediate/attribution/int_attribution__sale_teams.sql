with

decisions as (
    select * from {{ ref('int_attribution__sale_decisions') }}
),

chain_components as (
    select * from {{ ref('int_sales__chain_components') }}
),

chained as (
    select
        decisions.*,
        chain_components.component as payment_chain_id
    from decisions
    left join chain_components
        on cast(decisions.deal_id as text) = chain_components.node
),

-- A payment chain has one team: that of its earliest member that has one.
leaders as (
    select
        payment_chain_id,
        deal_id,
        team_key,
        user_id,
        confidence,
        row_number() over (
            partition by payment_chain_id order by sale_at, deal_id
        ) as member_rank
    from chained
    where payment_chain_id is not null and team_key is not null
),

inherited as (
    select
        chained.*,
        leaders.team_key as leader_team_key,
        leaders.user_id as leader_user_id,
        leaders.confidence as leader_confidence,
        leaders.deal_id is not null
        and leaders.deal_id <> chained.deal_id
        and chained.method <> 'manual' as is_follower
    from chained
    left join leaders
        on
            chained.payment_chain_id = leaders.payment_chain_id
            and leaders.member_rank = 1
),

resolved as (
    select
        deal_id,
        payment_chain_id,
        set_id,
        case when is_follower then leader_team_key else team_key end as team_key,
        case when is_follower then leader_user_id else user_id end as user_id,
        case when is_follower then 'payment_chain' else method end as method,
        case when is_follower then leader_confidence else confidence end as confidence,
        case when is_follower then null else reason end as reason
    from inherited
)

select * from resolved
