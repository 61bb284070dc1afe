{%- set actions = ['add', 'update', 'delete', 'restore', 'status', 'responsible'] -%}

with

delivered as (
    select * from {{ ref('int_crm_trust__delivery_days') }}
),

hooks as (
    select * from {{ ref('int_crm_trust__hooks') }}
),

changes as (
    select * from {{ ref('int_crm_trust__ringing_changes') }}
),

rung as (
    select
        {{ almaty_date('received_at') }} as date,
        count(*) as items,
        {% for action in actions -%}
        count(case when action = '{{ action }}' then 1 end) as {{ action }}_items,
        {% endfor -%}
        count(case
            when action not in ('{{ actions | join("', '") }}') then 1
        end) as other_items,
        count(case when done_at is null then 1 end) as waiting_items,
        min(case when done_at is null then received_at end) as oldest_waiting_at,
        count(case when outcome = 'failed' then 1 end) as failed_items,
        percentile_disc(0.5) within group (order by seconds) as latency_p50_seconds,
        percentile_disc(0.95) within group (order by seconds) as latency_p95_seconds
    from hooks
    group by {{ almaty_date('received_at') }}
),

seen as (
    select
        {{ almaty_date('changed_at') }} as date,
        count(*) as changes,
        count(case when not is_rung then 1 end) as lost_hooks
    from changes
    group by {{ almaty_date('changed_at') }}
),

days as (
    select date from delivered
    union distinct
    select date from rung
    union distinct
    select date from seen
),

joined as (
    select
        days.date,
        {% for measure in ['deliveries', 'bad', 'foreign_account', 'unparsed',
            'repeated', 'previous_secret'] -%}
        coalesce(delivered.{{ measure }}, 0) as {{ measure }},
        {% endfor -%}
        coalesce(rung.items, 0) as items,
        {% for action in actions + ['other', 'waiting', 'failed'] -%}
        coalesce(rung.{{ action }}_items, 0) as {{ action }}_items,
        {% endfor -%}
        rung.oldest_waiting_at,
        rung.latency_p50_seconds,
        rung.latency_p95_seconds,
        coalesce(seen.changes, 0) as changes,
        coalesce(seen.lost_hooks, 0) as lost_hooks,
        delivered.subscriptions,
        delivered.our_subscriptions,
        delivered.is_disabled
    from days
    left join delivered on days.date = delivered.date
    left join rung on days.date = rung.date
    left join seen on days.date = seen.date
)

select
    date,
    deliveries,
    items,
    {% for action in actions + ['other'] -%}
    {{ action }}_items,
    {% endfor -%}
    bad,
    foreign_account,
    unparsed,
    repeated,
    previous_secret,
    waiting_items,
    oldest_waiting_at,
    failed_items,
    cast(latency_p50_seconds as numeric(18, 3)) as latency_p50_seconds,
    cast(latency_p95_seconds as numeric(18, 3)) as latency_p95_seconds,
    changes,
    lost_hooks,
    {{ ratio('lost_hooks', 'changes') }} as lost_hook_rate,
    changes > 0 and deliveries = 0 as is_silent,
    subscriptions,
    our_subscriptions,
    is_disabled
from joined
