with

states as (
    select * from {{ ref('int_crm_trust__sale_states') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

neighbours as (
    select
        states.*,
        coalesce(lag(is_sale) over story, false) as was_sale,
        lag(product) over story as old_product,
        lag(sale_date) over story as old_sale_date,
        lag(payment_kind) over story as old_payment_kind,
        lag(amount_kzt) over story as old_amount_kzt,
        coalesce({{ any_of('is_sale') }} over earlier, false) as was_ever_sale
    from states
    window
        story as (partition by deal_id order by step),
        earlier as (
            partition by deal_id order by step
            rows between unbounded preceding and 1 preceding
        )
),

changed as (
    select
        neighbours.*,
        coalesce(
            was_sale and is_sale
            and old_product = product
            and old_sale_date = sale_date
            and old_payment_kind = payment_kind,
            false
        ) as is_same_line,
        case
            when is_sale and not was_sale and going = 'restored' then 'restored'
            when is_sale and not was_sale and was_ever_sale then 'won_again'
            when is_sale and not was_sale and {{ almaty_date('known_at') }} > sale_date
                then 'late_seen'
            when is_sale and not was_sale then 'new_sale'
            when not is_sale and going = 'merged' then 'merged'
            when not is_sale and going is not null then 'deleted'
            when not is_sale and old_product <> product then 'pipeline_move'
            when not is_sale then 'reopened'
            when old_product <> product then 'pipeline_move'
            when old_sale_date <> sale_date then 'date_move'
            else 'price_edit'
        end as cause
    from neighbours
    where
        is_sale <> was_sale
        or (
            is_sale and (
                old_product <> product
                or old_sale_date <> sale_date
                or old_amount_kzt <> amount_kzt
            )
        )
),

-- Within one line of a report only money moves; else one line loses what another gains.
lines as (
    select
        deal_id,
        step,
        1 as side,
        known_at,
        version,
        cause,
        old_sale_date as sale_date,
        old_product as product,
        old_payment_kind as payment_kind,
        -1 as change_sales,
        -old_amount_kzt as change_revenue_kzt
    from changed
    where was_sale and not is_same_line
    union all
    select
        deal_id,
        step,
        2 as side,
        known_at,
        version,
        cause,
        sale_date,
        product,
        payment_kind,
        case when is_same_line then 0 else 1 end as change_sales,
        amount_kzt - case when is_same_line then old_amount_kzt else 0 end
            as change_revenue_kzt
    from changed
    where is_sale
)

select
    {{ surrogate_hash(['lines.deal_id', 'lines.step', 'lines.side']) }} as change_id,
    lines.known_at,
    {{ almaty_date('lines.known_at') }} as known_date,
    lines.deal_id,
    lines.version,
    lines.cause,
    lines.sale_date,
    lines.product,
    lines.payment_kind,
    lines.change_sales,
    cast(lines.change_revenue_kzt as numeric(18, 2)) as change_revenue_kzt,
    deal_teams.team_id,
    deal_teams.team_name
from lines
left join deal_teams on lines.deal_id = deal_teams.deal_id
