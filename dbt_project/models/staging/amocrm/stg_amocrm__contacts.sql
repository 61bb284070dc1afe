with contacts as (
    select *
    from {{ source('raw', 'amocrm__contacts') }}
    where _deleted_at is null
),

flattened as (
    select
        id as contact_id,
        {{ json_text('payload', 'name') }} as contact_name,
        {{ epoch_utc(json_text('payload', 'updated_at')) }} as updated_at
    from contacts
)

select * from flattened
