with

history as (
    select * from {{ ref('int_deal_history__values') }}
),

statuses as (
    select * from {{ ref('dim_deal_statuses') }}
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

-- The first known name of a stage owns its past.
named_periods as (
    select
        pipeline_id,
        status_id,
        pipeline_name,
        status_name,
        valid_from,
        row_number() over (
            partition by pipeline_id, status_id order by valid_from
        ) = 1 as is_first,
        lead(valid_from) over (
            partition by pipeline_id, status_id order by valid_from
        ) as next_from
    from statuses
),

-- A stage that is in no dictionary still has its pipeline's name.
pipeline_names as (
    select
        pipeline_id,
        pipeline_name,
        row_number() over (
            partition by pipeline_id order by valid_from desc, status_id
        ) as recency
    from statuses
),

deletions as (
    select
        deal_id,
        held_from as deleted_at
    from history
    where attribute = 'existence' and value = 'deleted' and held_until is null
),

stays as (
    select
        history.deal_id,
        history.step,
        {{ crm_pipeline_of('history.value') }} as pipeline_id,
        {{ crm_status_of('history.value') }} as status_id,
        history.held_from as entered_at,
        history.held_until,
        history.author_kind as entered_by_kind,
        history.source,
        history.source_id,
        history.is_gap,
        lead(history.step) over (
            partition by history.deal_id order by history.step
        ) is null as is_last,
        {{ crm_pipeline_of(
            'lead(history.value) over (partition by history.deal_id'
            ~ ' order by history.step)'
        ) }} as next_pipeline_id,
        {{ crm_status_of(
            'lead(history.value) over (partition by history.deal_id'
            ~ ' order by history.step)'
        ) }} as next_status_id
    from history
    where history.attribute = 'stage'
),

-- The last stay of a deleted deal ends with the deal; a deal that is merely out of
-- sight stays where it was seen last.
ended as (
    select
        stays.*,
        deals.loss_reason,
        tests.deal_id is not null as is_test,
        deletions.deleted_at,
        stays.is_last
        and deals.deal_id is not null
        and tombstones.deal_id is null
        and (deletions.deal_id is null or not deals.is_absent) as is_current
    from stays
    left join deals on stays.deal_id = deals.deal_id
    left join tests on stays.deal_id = tests.deal_id
    left join tombstones on stays.deal_id = tombstones.deal_id
    left join deletions on stays.deal_id = deletions.deal_id
),

timed as (
    select
        ended.*,
        case
            when not is_last then held_until
            when not is_current then deleted_at
        end as left_at
    from ended
)

select
    timed.deal_id,
    timed.step,
    deal_teams.team_id,
    deal_teams.team_name,
    timed.pipeline_id,
    coalesce(named_periods.pipeline_name, pipeline_names.pipeline_name)
        as pipeline_name,
    timed.status_id,
    named_periods.status_name,
    timed.entered_at,
    {{ almaty_date('timed.entered_at') }} as entered_date,
    timed.left_at,
    cast(
        round({{ hours_apart('timed.entered_at', 'timed.left_at') }} * 3600) as bigint
    ) as seconds,
    cast({{ hours_apart('timed.entered_at', 'timed.left_at') }} as numeric(18, 6))
        as hours,
    timed.entered_by_kind,
    timed.next_pipeline_id,
    timed.next_status_id,
    case
        when timed.is_last and timed.status_id = {{ lost_status() }}
            then timed.loss_reason
    end as loss_reason,
    timed.step = 1 as is_first_stage,
    timed.is_last,
    timed.is_current,
    timed.is_gap as is_gap_before,
    timed.source <> 'event' as is_inferred,
    timed.is_test
from timed
left join named_periods
    on
        timed.pipeline_id = named_periods.pipeline_id
        and timed.status_id = named_periods.status_id
        and (
            named_periods.is_first
            or timed.entered_at >= named_periods.valid_from
        )
        and (
            named_periods.next_from is null
            or timed.entered_at is null and named_periods.is_first
            or timed.entered_at < named_periods.next_from
        )
left join pipeline_names
    on
        timed.pipeline_id = pipeline_names.pipeline_id
        and pipeline_names.recency = 1
left join deal_teams on timed.deal_id = deal_teams.deal_id
