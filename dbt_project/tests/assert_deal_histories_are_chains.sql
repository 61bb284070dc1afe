-- Time in stages once had holes and overlaps, so that stages seemed longer than deals:
-- a stay ends where the next begins, nobody is in two stages, no length is negative, and
-- a living deal's last stay is where AmoCRM shows it, unless the feed already tells of
-- a move that the deal's own row is too old to show.
{{ config(meta={'dagster': {'ref': {'name': 'deal_stage_times'}}}) }}
with

stays as (
    select * from {{ ref('deal_stage_times') }}
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

following as (
    select
        stays.*,
        lead(entered_at) over (partition by deal_id order by step) as next_entered_at,
        count(*) over (partition by deal_id) as stay_count
    from stays
),

faults as (
    select deal_id, step, 'the next stay begins elsewhere' as fault
    from following
    where not is_last and left_at is distinct from next_entered_at
    union all
    select deal_id, step, 'negative length' as fault
    from following
    where seconds < 0
    union all
    select deal_id, step, 'steps are not counted' as fault
    from following
    where is_last <> (step = stay_count)
    union all
    select deals.deal_id, following.step, 'the deal is in another stage' as fault
    from deals
    left join following on deals.deal_id = following.deal_id and following.is_last
    where
        deals.status_id is not null
        and not deals.is_absent
        and coalesce(following.entered_at <= deals.updated_at, true)
        and (
            following.status_id is distinct from deals.status_id
            or following.pipeline_id is distinct from deals.pipeline_id
        )
)

select * from faults
