with

versions as (
    select * from {{ ref('stg_amocrm__deal_versions') }}
),

goings as (
    select * from {{ ref('int_crm_trust__goings') }}
    where tombstone_known_at is not null
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

-- What AmoCRM itself calls sold, version by version; no event, no table has a word.
judged as (
    select
        versions.deal_id,
        versions.version,
        versions.known_at,
        coalesce(
            versions.status_id = {{ won_status() }}
            and coalesce(pipelines.kind, 'sales') = 'sales'
            and coalesce(versions.closed_at, versions.created_at) is not null,
            false
        ) as is_sold,
        coalesce(nullif(pipelines.product, ''), 'unknown') as product,
        coalesce(versions.closed_at, versions.created_at) as sale_at,
        cast(
            round(greatest(coalesce(versions.price, 0), 0), 2) as numeric(18, 2)
        ) as amount_kzt
    from versions
    left join pipelines on versions.pipeline_id = pipelines.pipeline_id
    left join tests on versions.deal_id = tests.deal_id
    where tests.deal_id is null
),

-- A deal that was never sold has no state that a report could show.
sold as (
    select deal_id
    from judged
    where is_sold
    group by deal_id
),

last_known as (
    select
        deal_id,
        max(known_at) as known_at
    from judged
    group by deal_id
),

-- What came back is seen before its new version, what goes is seen after its last one;
-- what is a tombstone now ends as one.
steps as (
    select
        deal_id,
        known_at,
        2 as place,
        version,
        0 as goes,
        cast(null as text) as going
    from judged
    union all
    select
        deal_id,
        tombstone_known_at as known_at,
        3 as place,
        cast(null as integer) as version,
        1 as goes,
        kind as going
    from goings
    union all
    select
        deal_id,
        closed_known_at as known_at,
        1 as place,
        cast(null as integer) as version,
        -1 as goes,
        'restored' as going
    from goings
    where closed_known_at is not null
    union all
    select
        tombstones.deal_id,
        last_known.known_at,
        4 as place,
        cast(null as integer) as version,
        1 as goes,
        'deleted' as going
    from tombstones
    inner join last_known on tombstones.deal_id = last_known.deal_id
    left join goings
        on tombstones.deal_id = goings.deal_id and goings.is_tombstone
    where goings.deal_id is null
),

followed as (
    select
        steps.deal_id,
        steps.known_at,
        steps.going,
        max(steps.version) over story as version,
        sum(steps.goes) over story > 0 as is_gone,
        row_number() over story as step
    from steps
    inner join sold on steps.deal_id = sold.deal_id
    window story as (
        partition by steps.deal_id
        order by steps.known_at, steps.place, steps.version
        rows between unbounded preceding and current row
    )
),

states as (
    select
        followed.deal_id,
        cast(followed.step as integer) as step,
        followed.known_at,
        followed.version,
        followed.going,
        coalesce(judged.is_sold and not followed.is_gone, false) as is_sale,
        judged.product,
        {{ almaty_date('judged.sale_at') }} as sale_date,
        case
            when judged.product <> 'challenge3d' then 'full'
            when judged.amount_kzt <= 0 then 'unknown'
            when judged.amount_kzt < {{ var('prepayment_max') }} then 'prepayment'
            else 'full'
        end as payment_kind,
        judged.amount_kzt
    from followed
    left join judged
        on
            followed.deal_id = judged.deal_id
            and followed.version = judged.version
)

select * from states
