with

stays as (
    select * from {{ ref('deal_stage_times') }}
    where not is_test
),

history as (
    select * from {{ ref('int_deal_history__values') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

marked_stays as (
    select
        stays.*,
        case
            when lag(status_id) over (partition by deal_id order by step)
                = {{ won_status() }}
                then 0
            else 1
        end as is_new_win
    from stays
),

numbered_stays as (
    select
        marked_stays.*,
        sum(is_new_win) over (partition by deal_id order by step) as win
    from marked_stays
),

-- A deal stays won while it moves from pipeline to pipeline.
wins as (
    select
        deal_id,
        win,
        case when count(*) = count(entered_at) then min(entered_at) end as won_at,
        case when count(*) = count(left_at) then max(left_at) end as left_at
    from numbered_stays
    where status_id = {{ won_status() }}
    group by deal_id, win
),

prices as (
    select
        deal_id,
        held_from,
        held_until,
        {{ try_numeric('value') }} as price
    from history
    where attribute = 'price'
),

-- What was set in the second of the win is a part of it.
edits as (
    select
        history.*,
        wins.won_at,
        {{ almaty_date('wins.won_at') }} as sale_date,
        {{ almaty_date('history.held_from') }} as changed_date
    from history
    inner join wins
        on
            history.deal_id = wins.deal_id
            and (wins.won_at is null or history.held_from > wins.won_at)
            and (wins.left_at is null or history.held_from <= wins.left_at)
    where history.source <> 'created' and coalesce(history.value, '') <> 'living'
),

kinds as (
    select
        edits.*,
        case
            when attribute = 'existence' then value
            when attribute <> 'stage' then attribute
            when {{ crm_status_of('value') }} = {{ crm_status_of('value_before') }}
                then 'pipeline'
            else 'status'
        end as kind
    from edits
),

-- Leaving "won" and being deleted take the price of that moment along.
valued as (
    select
        kinds.*,
        case
            when kinds.kind = 'price'
                then {{ try_numeric('kinds.value') }}
                    - coalesce({{ try_numeric('kinds.value_before') }}, 0)
            when kinds.kind in ('status', 'deleted') then -prices.price
            when kinds.kind = 'merged' and tombstones.deal_id is not null
                then -prices.price
            else 0
        end as change
    from kinds
    left join tombstones on kinds.deal_id = tombstones.deal_id
    left join prices
        on
            kinds.deal_id = prices.deal_id
            and (prices.held_from is null or kinds.held_from >= prices.held_from)
            and (prices.held_until is null or kinds.held_from < prices.held_until)
)

select
    valued.deal_id,
    case valued.source
        when 'event' then valued.source_id
        else
            'version:' || valued.source_id || ':' || valued.attribute
            || case when valued.attribute = 'utm'
                then ':' || cast(valued.field_id as text) else '' end
    end as change_id,
    deal_teams.team_id,
    deal_teams.team_name,
    valued.kind,
    valued.parameter,
    {%- for value, name in [
        ('valued.value_before', 'value_before'), ('valued.value', 'value_after')
    ] %}
    case
        when valued.kind in ('deleted', 'merged') then null
        when valued.kind = 'price'
            then cast(cast({{ try_numeric(value) }} as numeric(18, 2)) as text)
        else {{ crm_utm_shown(value) }}
    end as {{ name }},
    {%- endfor %}
    cast(valued.change as numeric(18, 2)) as change_kzt,
    valued.held_from as changed_at,
    valued.changed_date,
    valued.author_kind,
    valued.author_user_id,
    valued.won_at,
    valued.sale_date,
    {{ month_start('valued.sale_date') }} as closed_month,
    {{ month_start('valued.changed_date') }} > {{ month_start('valued.sale_date') }}
        as is_closed_period,
    valued.source
from valued
left join deal_teams on valued.deal_id = deal_teams.deal_id
