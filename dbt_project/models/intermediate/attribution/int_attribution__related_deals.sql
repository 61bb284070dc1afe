with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

deals as (
    select * from {{ ref('int_sales__deals') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where kind = 'phone' and deal_id is not null
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
    where is_usable
),

-- What AmoCRM holds of a deal is all it says; the tables speak where it lacks the deal.
own_sets as (
    select
        deal_id,
        deal_at,
        case when is_in_amocrm then amocrm_set_id else current_set_id end as set_id
    from deals
),

-- Tests hold no record, so they relate to nobody.
telling_deals as (
    select
        own_sets.deal_id,
        own_sets.deal_at,
        own_sets.set_id,
        records.identifier,
        row_number() over (
            partition by records.identifier
            order by own_sets.deal_at, own_sets.deal_id
        ) as identifier_rank
    from own_sets
    inner join records on own_sets.deal_id = records.deal_id
    inner join utm_sets on own_sets.set_id = utm_sets.set_id
    where own_sets.deal_at is not null
),

-- A phone's first deal is the earliest that any deal of the phone can find.
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
            and telling_deals.identifier_rank = 1
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
