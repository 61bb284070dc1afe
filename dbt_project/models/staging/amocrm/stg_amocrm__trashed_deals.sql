with leads_trash as (
    select *
    from {{ source('raw', 'amocrm__leads_trash') }}
    where _deleted_at is null
),

flattened as (
    select
        id as deal_id,
        {{ epoch_utc(json_text('payload', 'updated_at')) }} as updated_at
    from leads_trash
)

select * from flattened
