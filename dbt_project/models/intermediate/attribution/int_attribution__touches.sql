with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
    where is_usable
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

deal_tests as (
    select * from {{ ref('int_sales__tests') }}
),

components as (
    select * from {{ ref('int_identity__touch_components') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
    where is_usable
),

deal_sets as (
    select
        deals.deal_id,
        deals.deal_at,
        coalesce(current_sets.set_id, original_sets.set_id) as set_id
    from deals
    left join utm_sets as current_sets on deals.current_set_id = current_sets.set_id
    left join utm_sets as original_sets on deals.original_set_id = original_sets.set_id
    left join deal_tests on deals.deal_id = deal_tests.deal_id
    where deal_tests.deal_id is null
),

touches as (
    select
        'lead:' || lead_key as node,
        lead_at as touched_at,
        set_id
    from leads
    union all
    select
        'deal:' || cast(deal_id as text) as node,
        deal_at as touched_at,
        set_id
    from deal_sets
    where set_id is not null
),

-- Whoever has no link to anybody is a person alone.
personal_touches as (
    select
        touches.*,
        coalesce(components.component, touches.node) as person
    from touches
    left join components on touches.node = components.node
),

buyers as (
    select
        sales.deal_id,
        sales.sale_at,
        sales.sale_date,
        sales.product,
        coalesce(components.component, 'deal:' || cast(sales.deal_id as text)) as person
    from sales
    left join components
        on 'deal:' || cast(sales.deal_id as text) = components.node
),

ranked as (
    select
        buyers.deal_id,
        buyers.product as funnel,
        buyers.sale_date as event_date,
        personal_touches.set_id,
        personal_touches.touched_at,
        row_number() over (
            partition by buyers.deal_id
            order by personal_touches.touched_at, personal_touches.node
        ) as first_rank,
        row_number() over (
            partition by buyers.deal_id
            order by personal_touches.touched_at desc, personal_touches.node desc
        ) as last_rank
    from buyers
    inner join personal_touches
        on
            buyers.person = personal_touches.person
            and buyers.sale_at >= personal_touches.touched_at
),

first_and_last as (
    select
        deal_id,
        'first' as touch,
        funnel,
        event_date,
        set_id,
        touched_at
    from ranked
    where first_rank = 1
    union all
    select
        deal_id,
        'last' as touch,
        funnel,
        event_date,
        set_id,
        touched_at
    from ranked
    where last_rank = 1
),

described as (
    select
        first_and_last.*,
        utm_sets.utm_source,
        utm_sets.utm_medium
    from first_and_last
    inner join utm_sets on first_and_last.set_id = utm_sets.set_id
),

keyed as (
    select
        described.*,
        {{ utm_lookup_id() }} as lookup_id
    from described
)

select * from keyed
