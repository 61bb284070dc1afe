with

history as (
    select * from {{ ref('int_deal_history__values') }}
    where attribute = 'utm' and parameter in ('utm_source', 'utm_medium')
),

products as (
    select * from {{ ref('int_sales__products') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
),

moments as (
    select distinct deal_id, held_from as changed_at
    from history
),

-- What every field held right before and right after a moment of change.
held as (
    select
        moments.deal_id,
        moments.changed_at,
        'before' as side,
        history.parameter,
        history.field_rank,
        history.field_id,
        history.value
    from moments
    inner join history
        on
            moments.deal_id = history.deal_id
            and moments.changed_at > history.held_from
            and (history.held_until is null or moments.changed_at <= history.held_until)
    union all
    select
        moments.deal_id,
        moments.changed_at,
        'after' as side,
        history.parameter,
        history.field_rank,
        history.field_id,
        history.value
    from moments
    inner join history
        on
            moments.deal_id = history.deal_id
            and moments.changed_at >= history.held_from
            and (history.held_until is null or moments.changed_at < history.held_until)
),

ranked as (
    select
        held.*,
        row_number() over (
            partition by deal_id, changed_at, side, parameter
            order by field_rank, field_id
        ) as choice
    from held
    where value is not null
),

spoken as (
    select
        deal_id,
        changed_at,
        side,
        max(case when parameter = 'utm_source' then {{ utm_norm('value') }} end)
            as utm_source,
        max(case when parameter = 'utm_medium' then {{ utm_norm('value') }} end)
            as utm_medium
    from ranked
    where choice = 1
    group by deal_id, changed_at, side
),

-- The deal as it is now asks as well: open deals have no sale that asked for them.
now_spoken as (
    select
        deals.deal_id,
        deals.deal_at as changed_at,
        'own' as side,
        utm_sets.utm_source,
        utm_sets.utm_medium
    from deals
    inner join utm_sets on deals.current_set_id = utm_sets.set_id
),

all_spoken as (
    select * from spoken
    union all
    select * from now_spoken
),

asked as (
    select
        all_spoken.deal_id,
        all_spoken.changed_at,
        all_spoken.side,
        all_spoken.utm_source,
        all_spoken.utm_medium,
        products.product as funnel,
        {{ almaty_date('all_spoken.changed_at') }} as event_date
    from all_spoken
    left join products on all_spoken.deal_id = products.deal_id
    left join classified_sources
        on all_spoken.utm_source = classified_sources.value
    where
        coalesce(all_spoken.utm_source, all_spoken.utm_medium) is not null
        and all_spoken.changed_at is not null
        and coalesce(classified_sources.channel, '') not in ('own_channel', 'organic')
),

keyed as (
    select
        asked.*,
        {{ utm_lookup_id() }} as lookup_id
    from asked
)

select * from keyed
