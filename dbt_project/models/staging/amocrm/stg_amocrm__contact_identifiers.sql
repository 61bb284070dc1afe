with contacts as (
    select *
    from {{ source('raw', 'amocrm__contacts') }}
    where _deleted_at is null
),

identifiers as (
    select distinct
        contacts.id as contact_id,
        lower({{ json_text('fields.item', 'field_code') }}) as kind,
        {{ json_text('field_values.item', 'value') }} as value_raw
    from contacts
    cross join lateral
        {{ json_elements(json_at('contacts.payload', 'custom_fields_values')) }}
            as fields (item, place)
    cross join lateral
        {{ json_elements(json_at('fields.item', 'values')) }}
            as field_values (item, place)
),

filled as (
    select *
    from identifiers
    where kind in ('phone', 'email') and value_raw is not null
)

select * from filled
