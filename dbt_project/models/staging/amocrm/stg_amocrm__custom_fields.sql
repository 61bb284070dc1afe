with custom_fields as (
    select * from {{ source('raw', 'amocrm__custom_fields') }}
),

flattened as (
    select
        cast(entity_type as text) as entity_type,
        id as field_id,
        {{ json_text('payload', 'name') }} as field_name,
        {{ json_text('payload', 'code') }} as field_code,
        {{ json_text('payload', 'type') }} as field_type,
        _deleted_at is not null as is_deleted
    from custom_fields
)

select * from flattened
