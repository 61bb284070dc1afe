with

raw_sets as (
    select * from {{ ref('int_leads__raw_utm_sets') }}
),

sets as (
    select * from {{ ref('int_utm__sets') }}
),

-- The first usable set speaks; without one, the first that says anything at all.
ranked as (
    select
        raw_sets.lead_key,
        raw_sets.set_id,
        sets.is_usable,
        sets.is_skipped,
        row_number() over (
            partition by raw_sets.lead_key
            order by
                case
                    when sets.is_usable then 1
                    when not sets.is_empty and not sets.is_skipped then 2
                    when not sets.is_empty then 3
                    when sets.utm_issue is not null then 4
                    else 5
                end,
                raw_sets.set_order
        ) as choice
    from raw_sets
    inner join sets on raw_sets.set_id = sets.set_id
),

chosen as (
    select
        lead_key,
        set_id,
        is_usable,
        is_skipped
    from ranked
    where choice = 1
)

select * from chosen
