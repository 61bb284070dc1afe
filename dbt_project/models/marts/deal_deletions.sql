with

goings as (
    select * from {{ ref('int_crm_trust__goings') }}
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

table_deals as (
    select * from {{ ref('int_sales__table_deals') }}
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

-- What was lost is told by the last content that was seen; of a deal that never came
-- the tables may know.
described as (
    select
        goings.*,
        coalesce(deals.price, table_deals.amount) as price,
        deals.deal_id is not null and not deals.is_absent as is_listed,
        tests.deal_id is not null as is_test,
        coalesce(
            case
                when deals.deal_id is not null
                    then
                        deals.status_id = {{ won_status() }}
                        and coalesce(pipelines.kind, 'sales') = 'sales'
                else table_deals.deal_id is not null
            end
            and tests.deal_id is null,
            false
        ) as was_sale
    from goings
    left join deals on goings.deal_id = deals.deal_id
    left join table_deals on goings.deal_id = table_deals.deal_id
    left join tests on goings.deal_id = tests.deal_id
    left join pipelines on deals.pipeline_id = pipelines.pipeline_id
),

weighed as (
    select
        described.*,
        case when was_sale then greatest(coalesce(price, 0), 0) else 0 end as revenue
    from described
)

select
    weighed.deal_id,
    weighed.opened_at,
    {{ almaty_date('weighed.opened_at') }} as opened_date,
    weighed.kind,
    weighed.is_tombstone,
    weighed.is_listed,
    weighed.closed_at,
    weighed.event_at,
    weighed.trash_at,
    weighed.absence_at,
    weighed.hook_at,
    weighed.sweeps,
    weighed.witness_count,
    concat_ws(
        ', ',
        case when weighed.event_at is not null then 'event' end,
        case when weighed.trash_at is not null then 'trash' end,
        case
            when
                weighed.absence_at is not null
                or (weighed.is_tombstone and not weighed.is_listed)
                then 'absence'
        end,
        case when weighed.hook_at is not null then 'hook' end
    ) as witnesses,
    weighed.merged_at,
    weighed.survivor_deal_id,
    weighed.author_kind,
    weighed.author_user_id,
    weighed.is_test,
    cast(weighed.price as numeric(18, 2)) as price_kzt,
    weighed.was_sale,
    cast(
        case when weighed.is_tombstone then weighed.revenue else 0 end
        as numeric(18, 2)
    ) as revenue_lost_kzt,
    cast(
        case
            when
                weighed.closed_at is null
                and not weighed.is_tombstone
                and not weighed.is_listed
                then weighed.revenue
            else 0
        end
        as numeric(18, 2)
    ) as revenue_in_doubt_kzt,
    deal_teams.team_id,
    deal_teams.team_name
from weighed
left join deal_teams on weighed.deal_id = deal_teams.deal_id
