with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where not is_guarded and kind = 'phone' and deal_id is not null
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
    where is_usable
),

-- Tests hold no record, so they relate to nobody.
telling_deals as (
    select
        deals.deal_id,
        deals.deal_at,
        deals.current_set_id as set_id,
        records.identifier
    from deals
    inner join records on deals.deal_id = records.deal_id
    inner join utm_sets on deals.current_set_id = utm_sets.set_id
    left join tombstones on deals.deal_id = tombstones.deal_id
    where tombstones.deal_id is null
),

earlier_deals as (
    select
        sales.deal_id,
        telling_deals.deal_id as related_deal_id,
        telling_deals.set_id,
        row_number() over (
            partition by sales.deal_id
            order by telling_deals.deal_at, telling_deals.deal_id
        ) as age_rank
    from sales
    inner join records on sales.deal_id = records.deal_id
    inner join telling_deals
        on
            records.identifier = telling_deals.identifier
            and sales.deal_id <> telling_deals.deal_id
            and sales.deal_at > telling_deals.deal_at
),

earliest as (
    select
        deal_id,
        related_deal_id,
        set_id
    from earlier_deals
    where age_rank = 1
)

select * from earliest
