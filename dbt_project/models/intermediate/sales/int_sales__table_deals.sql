with

sale_rows as (
    select * from {{ ref('int_sales__rows') }}
    where deal_id is not null
),

raw_sets as (
    select * from {{ ref('int_sales__raw_utm_sets') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

telling_sets as (
    select
        raw_sets.row_key,
        raw_sets.set_role,
        raw_sets.set_id,
        case when utm_sets.is_empty then 2 else 1 end as set_rank
    from raw_sets
    inner join utm_sets on raw_sets.set_id = utm_sets.set_id
    where not utm_sets.is_empty or utm_sets.utm_issue is not null
),

-- Each group of fields comes whole from the first copy that says anything about it.
ranked as (
    select
        sale_rows.*,
        current_sets.set_id as current_set_id,
        original_sets.set_id as original_set_id,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case
                    when coalesce(sale_rows.status_id, sale_rows.pipeline_id) is null
                        then 2
                    else 1
                end,
                sale_rows.copy_rank
        ) as status_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case when sale_rows.amount is null then 2 else 1 end,
                sale_rows.copy_rank
        ) as amount_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case when sale_rows.sale_at is null then 2 else 1 end,
                sale_rows.copy_rank
        ) as time_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case when sale_rows.created_at is null then 2 else 1 end,
                sale_rows.copy_rank
        ) as created_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by coalesce(current_sets.set_rank, 3), sale_rows.copy_rank
        ) as current_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by coalesce(original_sets.set_rank, 3), sale_rows.copy_rank
        ) as original_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case
                    when
                        sale_rows.is_prepaid is null
                        and nullif(trim(sale_rows.sale_type), '') is null
                        then 2
                    else 1
                end,
                sale_rows.copy_rank
        ) as prepaid_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case when sale_rows.prepayment_deal_id is null then 2 else 1 end,
                sale_rows.copy_rank
        ) as prepayment_link_rank,
        row_number() over (
            partition by sale_rows.deal_id
            order by
                case when sale_rows.related_deal_id is null then 2 else 1 end,
                sale_rows.copy_rank
        ) as related_link_rank
    from sale_rows
    left join telling_sets as current_sets
        on
            sale_rows.row_key = current_sets.row_key
            and current_sets.set_role = 'current'
    left join telling_sets as original_sets
        on
            sale_rows.row_key = original_sets.row_key
            and original_sets.set_role = 'original'
),

-- `prepaid_amount` is what the row held that spoke about the prepayment.
merged as (
    select
        deal_id,
        max(case when copy_rank = 1 then table_product end) as table_product,
        max(case when status_rank = 1 then status_id end) as status_id,
        max(case when status_rank = 1 then pipeline_id end) as pipeline_id,
        max(case when amount_rank = 1 then amount end) as amount,
        max(case when time_rank = 1 then sale_at end) as sale_at,
        max(case when created_rank = 1 then created_at end) as created_at,
        max(case when current_rank = 1 then current_set_id end) as current_set_id,
        max(case when original_rank = 1 then original_set_id end) as original_set_id,
        coalesce(max(
            case
                when
                    prepaid_rank = 1
                    and (
                        coalesce(is_prepaid, false)
                        or lower(trim(coalesce(sale_type, ''))) = 'prepayment'
                    )
                    then 1
                else 0
            end
        ), 0) = 1 as is_prepaid,
        max(case when prepaid_rank = 1 then amount end) as prepaid_amount,
        max(case when prepayment_link_rank = 1 then prepayment_deal_id end)
            as prepayment_deal_id,
        max(case when related_link_rank = 1 then related_deal_id end)
            as related_deal_id
    from ranked
    group by deal_id
)

select * from merged
