with

deals as (
    select * from {{ ref('int_sales__deals') }}
),

products as (
    select * from {{ ref('int_sales__products') }}
    where not is_leads_only
),

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
    where deal_id is not null
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

table_deals as (
    select * from {{ ref('int_sales__table_deals') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

tables as (
    select
        deal_id,
        count(*) as table_rows,
        {{ text_agg("source_db || '.' || source_table", ', ', 'copy_rank') }} as tables
    from sale_rows
    group by deal_id
),

described as (
    select
        deals.deal_id,
        products.product,
        tombstones.deal_id is not null as is_tombstoned,
        deals.is_in_amocrm,
        deals.is_in_tables,
        deals.status_id,
        deals.is_in_amocrm
        and tombstones.deal_id is null
        and coalesce(deals.status_id = {{ won_status() }}, false) as is_won,
        deals.is_prepaid
        and deals.is_in_amocrm
        and tombstones.deal_id is null
        and products.product = 'challenge3d'
        and coalesce(deals.status_id, 0)
        not in ({{ won_status() }}, {{ lost_status() }}) as is_open_prepayment,
        round(deals.price, 2) as crm_amount,
        round(deals.table_amount, 2) as table_amount,
        {{ almaty_date('deals.closed_at') }} as crm_date,
        {{ almaty_date('deals.table_sale_at') }} as table_date,
        crm_sets.utm_source as crm_utm_source,
        table_sets.utm_source as table_utm_source,
        tables.tables,
        coalesce(tables.table_rows, 0) as table_rows
    from deals
    inner join products on deals.deal_id = products.deal_id
    left join tests on deals.deal_id = tests.deal_id
    left join tombstones on deals.deal_id = tombstones.deal_id
    left join table_deals on deals.deal_id = table_deals.deal_id
    left join utm_sets as crm_sets on deals.amocrm_set_id = crm_sets.set_id
    left join utm_sets as table_sets on table_deals.current_set_id = table_sets.set_id
    left join tables on deals.deal_id = tables.deal_id
    where tests.deal_id is null
),

-- A side that names nothing differs from one that does, save that no money is 0. The
-- prepayment of a deal that is open stands in the tables by right.
compared as (
    select
        described.*,
        is_won and not is_in_tables as is_missing,
        not is_won as is_extra,
        is_won and is_in_tables
        and coalesce(crm_amount, 0) <> coalesce(table_amount, 0) as has_other_amount,
        is_won and is_in_tables
        and (
            coalesce(crm_date <> table_date, true)
            and coalesce(crm_date, table_date) is not null
        ) as has_other_day,
        is_won and is_in_tables
        and coalesce(crm_utm_source, '') <> coalesce(table_utm_source, '')
            as has_other_utm
    from described
    where is_won or (is_in_tables and not is_open_prepayment)
),

found as (
    select
        compared.*,
        coalesce(
            nullif(
                concat_ws(
                    ', ',
                    case when is_missing then 'missing_in_tables' end,
                    case when is_extra then 'extra_in_tables' end,
                    case when has_other_amount then 'amount_differs' end,
                    case when has_other_day then 'day_differs' end,
                    case when has_other_utm then 'utm_differs' end
                ),
                ''
            ),
            'matched'
        ) as findings,
        nullif(
            concat_ws(
                '; ',
                case
                    when not is_extra then null
                    when is_tombstoned then 'deleted in AmoCRM'
                    when not is_in_amocrm then 'unknown to AmoCRM'
                    when status_id = {{ lost_status() }} then 'lost in AmoCRM'
                    else 'open in AmoCRM'
                end,
                case
                    when is_in_tables and table_amount is null
                        then 'the tables name no amount'
                end,
                case
                    when is_won and coalesce(crm_amount, 0) = 0
                        then 'AmoCRM names no price'
                end,
                case when is_won and crm_date is null then 'AmoCRM names no closing' end,
                case
                    when is_in_tables and table_date is null then 'the tables name no day'
                end,
                case when table_rows > 1 then 'the newest of several rows speaks' end
            ),
            ''
        ) as detail
    from compared
)

select
    product,
    deal_id,
    split_part(findings, ', ', 1) as finding,
    findings,
    case when is_won then cast(crm_amount as numeric(18, 2)) end as crm_amount_kzt,
    case when is_in_tables then cast(table_amount as numeric(18, 2)) end
        as table_amount_kzt,
    cast(
        case when is_won then coalesce(crm_amount, 0) else 0 end
        - case when is_in_tables then coalesce(table_amount, 0) else 0 end
        as numeric(18, 2)
    ) as difference_kzt,
    case when is_won then crm_date end as crm_date,
    table_date,
    crm_utm_source,
    table_utm_source,
    tables,
    is_tombstoned,
    detail
from found
