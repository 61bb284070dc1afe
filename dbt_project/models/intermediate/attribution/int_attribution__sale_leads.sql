with

sales as (
    select * from {{ ref('int_sales__accepted') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
),

deal_links as (
    select * from {{ ref('int_leads__deals_named') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where not is_guarded
),

-- How a lead is known to be a sale's own, the surest way first.
links as (
    select
        deal_id,
        lead_key,
        link_rank
    from deal_links
    union all
    select distinct
        deal_records.deal_id,
        lead_records.lead_key,
        case deal_records.kind when 'phone' then 3 else 4 end as link_rank
    from sales
    inner join records as deal_records on sales.deal_id = deal_records.deal_id
    inner join records as lead_records
        on deal_records.identifier = lead_records.identifier
    where lead_records.lead_key is not null
),

in_time as (
    select
        sales.deal_id,
        leads.lead_key,
        leads.set_id,
        leads.is_usable,
        row_number() over (
            partition by sales.deal_id
            order by links.link_rank, leads.lead_at, leads.lead_id, leads.lead_key
        ) as any_rank,
        row_number() over (
            partition by sales.deal_id, leads.is_usable
            order by links.link_rank, leads.lead_at, leads.lead_id, leads.lead_key
        ) as usable_rank
    from sales
    inner join links on sales.deal_id = links.deal_id
    inner join leads
        on
            links.lead_key = leads.lead_key
            and leads.lead_at <= {{ add_hours('sales.sale_at', 24) }}
),

-- `first` speaks for ids, names and the lead source; `usable` for the UTM.
chosen as (
    select
        deal_id,
        max(case when any_rank = 1 then lead_key end) as first_lead_key,
        max(case when any_rank = 1 then set_id end) as first_set_id,
        max(case when is_usable and usable_rank = 1 then lead_key end)
            as usable_lead_key,
        max(case when is_usable and usable_rank = 1 then set_id end) as usable_set_id
    from in_time
    group by deal_id
)

select * from chosen
