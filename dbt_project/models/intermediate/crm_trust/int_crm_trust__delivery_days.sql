{%- set measures = [
    'deliveries', 'bad', 'foreign_account', 'unparsed', 'repeated', 'previous_secret',
] -%}

with

deliveries as (
    select * from {{ ref('stg_amocrm__webhook_deliveries') }}
),

subscriptions as (
    select * from {{ ref('stg_amocrm__webhook_subscriptions') }}
),

clock as (
    select * from {{ ref('stg_pipeline__clock') }}
),

newest as (
    select max(received_at) as received_at from deliveries
),

-- Equal bytes are counted, not dropped: two moves of a deal can look the same.
numbered as (
    select
        deliveries.*,
        {{ almaty_date('deliveries.received_at') }} as date,
        row_number() over (
            partition by deliveries.sha256 order by deliveries.delivery_id
        ) > 1 as is_repeated
    from deliveries
    cross join newest
    where
        deliveries.received_at
        > {{ add_hours('newest.received_at', '-24 * ' ~ var('crm_watch_days')) }}
),

delivered as (
    select
        date,
        count(*) as deliveries,
        count(case when parse_status = 'bad' then 1 end) as bad,
        count(case when parse_status = 'foreign' then 1 end) as foreign_account,
        count(case when parse_status = 'new' then 1 end) as unparsed,
        count(case when is_repeated then 1 end) as repeated,
        count(case when has_previous_secret then 1 end) as previous_secret
    from numbered
    group by date
),

-- Subscriptions are known as they are now, which is told on the running day only.
subscribed as (
    select
        clock.today as date,
        count(*) as subscriptions,
        count(case when subscriptions.is_ours then 1 end) as our_subscriptions,
        {{ any_of('subscriptions.is_ours and subscriptions.is_disabled') }}
            as is_disabled
    from subscriptions
    cross join clock
    group by clock.today
),

days as (
    select
        coalesce(delivered.date, subscribed.date) as date,
        {% for measure in measures -%}
        coalesce(delivered.{{ measure }}, 0) as {{ measure }},
        {% endfor -%}
        subscribed.subscriptions,
        subscribed.our_subscriptions,
        subscribed.is_disabled
    from delivered
    full outer join subscribed on delivered.date = subscribed.date
)

select * from days
