with

stage_events as (
    select * from {{ ref('stg_amocrm__deal_stage_events') }}
),

-- A won deal that moves to another pipeline stays won.
entries as (
    select
        deal_id,
        min(happened_at) as first_won_at,
        max(happened_at) as last_won_at
    from stage_events
    where status_after = {{ won_status() }} and coalesce(status_before, 0) <> {{ won_status() }}
    group by deal_id
),

exits as (
    select
        entries.deal_id,
        min(stage_events.happened_at) as left_won_at
    from entries
    inner join stage_events
        on
            entries.deal_id = stage_events.deal_id
            and entries.last_won_at <= stage_events.happened_at
    where stage_events.status_before = {{ won_status() }}
        and stage_events.status_after <> {{ won_status() }}
    group by entries.deal_id
),

spells as (
    select
        entries.deal_id,
        entries.first_won_at,
        entries.last_won_at,
        exits.left_won_at
    from entries
    left join exits on entries.deal_id = exits.deal_id
)

select * from spells
