{%- set rungs = ['express', 'prepayment', 'full', 'flagman'] -%}

with

sales as (
    select * from {{ ref('sale_attribution') }}
    where payment_kind <> 'unknown'
),

people as (
    select * from {{ ref('int_ladder__people') }}
),

-- Whoever has no link to anybody is a buyer alone.
bought as (
    select
        sales.*,
        coalesce(people.component, 'deal:' || cast(sales.deal_id as text)) as person,
        case
            when sales.product in ('express', 'flagman') then sales.product
            when sales.product = 'challenge3d' then sales.payment_kind
        end as rung
    from sales
    left join people
        on 'deal:' || cast(sales.deal_id as text) = people.node
),

ordered as (
    select
        bought.*,
        row_number() over (partition by person order by sale_at, deal_id) as payment,
        row_number() over (partition by person, rung order by sale_at, deal_id)
            as rung_payment
    from bought
),

ladders as (
    select
        person,
        max(case when payment = 1 then deal_id end) as first_deal_id,
        max(case when payment = 1 then team_id end) as team_id,
        max(case when payment = 1 then team_name end) as team_name,
        {%- for rung in rungs %}
        {%- for column, value in [
            ('deal_id', 'deal_id'), ('date', 'sale_date'), ('amount_kzt', 'amount_kzt')
        ] %}
        max(case when rung = '{{ rung }}' and rung_payment = 1 then {{ value }} end)
            as {{ rung }}_{{ column }},
        {%- endfor %}
        {%- endfor %}
        cast(count(distinct rung) as integer) as rungs,
        cast(count(*) as integer) as payments,
        cast(sum(amount_kzt) as numeric(18, 2)) as total_kzt,
        min(sale_date) as first_sale_date,
        max(sale_date) as last_sale_date
    from ordered
    group by person
)

select
    {{ surrogate_hash(['person']) }} as person_id,
    first_deal_id,
    team_id,
    team_name,
    {%- for rung in rungs %}
    {{ rung }}_deal_id,
    {{ rung }}_date,
    {{ rung }}_amount_kzt,
    {%- endfor %}
    rungs,
    payments,
    total_kzt,
    first_sale_date,
    last_sale_date,
    {{ days_apart('express_date', 'prepayment_date') }} as days_express_to_prepayment,
    {{ days_apart('prepayment_date', 'full_date') }} as days_prepayment_to_full,
    {{ days_apart('full_date', 'flagman_date') }} as days_full_to_flagman,
    {{ days_apart('express_date', 'flagman_date') }} as days_express_to_flagman,
    prepayment_deal_id is not null and full_deal_id is not null
        as is_prepayment_paired
from ladders
