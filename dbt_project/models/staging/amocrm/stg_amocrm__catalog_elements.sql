with catalog_elements as (
    select *
    from {{ source('raw', 'amocrm__catalog_elements') }}
    where _deleted_at is null
),

field_values as (
    select
        catalog_elements.catalog_id,
        catalog_elements.id as element_id,
        upper({{ json_text('fields.item', 'field_code') }}) as field_code,
        {{ json_text('fields.item', ['values', '0', 'value']) }} as field_value
    from catalog_elements
    cross join lateral
        {{ json_elements(json_at('catalog_elements.payload', 'custom_fields_values')) }}
            as fields (item, place)
),

bills as (
    select
        catalog_id,
        element_id,
        max(case when field_code = 'BILL_STATUS' then field_value end) as bill_status,
        max(case when field_code = 'BILL_PRICE' then {{ money('field_value') }}
        end) as bill_price,
        max(
            case when field_code = 'BILL_PAYMENT_DATE' then field_value end
        ) as bill_payment_day
    from field_values
    group by catalog_id, element_id
),

elements as (
    select
        catalog_elements.catalog_id,
        catalog_elements.id as element_id,
        bills.bill_status,
        bills.bill_price,
        {{ crm_day('bills.bill_payment_day') }} as bill_payment_date,
        coalesce(
            {{ try_boolean(json_text('catalog_elements.payload', 'is_deleted')) }},
            false
        ) as is_deleted,
        {{ epoch_utc(json_text('catalog_elements.payload', 'updated_at')) }}
            as updated_at
    from catalog_elements
    left join bills
        on
            catalog_elements.catalog_id = bills.catalog_id
            and catalog_elements.id = bills.element_id
)

select * from elements
