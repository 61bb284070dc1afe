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
        case when stays.is_last then deletions.deleted_at else stays.held_until end
            as left_at,
        stays.is_last
        and deals.deal_id is not null
        and tombstones.deal_id is null
        and (deletions.deal_id is null or not deals.is_absent) as is_current
    from stays
    left join deals on stays.deal_id = deals.deal_id
    left join tests on stays.deal_id = tests.deal_id
    left join tombstones on stays.deal_id = tombstones.deal_id
    left join deletions on stays.deal_id = deletions.deal_id
)

select
    ended.deal_id,
    ended.step,
    deal_teams.team_id,
    deal_teams.team_name,
    ended.pipeline_id,
    named_periods.pipeline_name,
    ended.status_id,
    named_periods.status_name,
    ended.entered_at,
    {{ almaty_date('ended.entered_at') }} as entered_date,
    ended.left_at,
    cast(
        round({{ hours_apart('ended.entered_at', 'ended.left_at') }} * 3600) as bigint
    ) as seconds,
    cast({{ hours_apart('ended.entered_at', 'ended.left_at') }} as numeric(18, 6))
        as hours,
    ended.entered_by_kind,
    ended.next_pipeline_id,
    ended.next_status_id,
    case
        when ended.is_last and ended.status_id = {{ lost_status() }}
            then ended.loss_reason
    end as loss_reason,
    ended.step = 1 as is_first_stage,
    ended.is_last,
    ended.is_current,
    ended.is_gap as is_gap_before,
    ended.source <> 'event' as is_inferred,
    ended.is_test
from ended
left join named_periods
    on
        ended.pipeline_id = named_periods.pipeline_id
        and ended.status_id = named_periods.status_id
        and (
            named_periods.is_first
            or ended.entered_at >= named_periods.valid_from
        )
        and (
            named_periods.next_from is null
            or ended.entered_at is null and named_periods.is_first
            or ended.entered_at < named_periods.next_from
        )
left join deal_teams on ended.deal_id = deal_teams.deal_id
