-- Rows were lost between AmoCRM and us: the last good load of each table must account
-- for every row that it fetched, and each hook must have its row.
{{ config(meta={'dagster': {'ref': {'name': 'crm_loads'}}}) }}
with

loads as (
    select * from {{ ref('crm_loads') }}
    where outcome = 'loaded' and is_newest
),

items as (
    select * from {{ ref('stg_amocrm__webhook_items') }}
    where done_at is null
),

hooks as (
    select * from {{ ref('hook_convergence') }}
    where direction = 'hook_to_version'
),

lost as (
    select
        'load' as what,
        cast(load_id as text) as item
    from loads
    where not is_balanced
    union all
    select
        'hook' as what,
        concat_ws(':', items.delivery_id, items.item) as item
    from items
    left join hooks
        on items.delivery_id = hooks.delivery_id and items.item = hooks.item
    where hooks.delivery_id is null
)

select * from lost
