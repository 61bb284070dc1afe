with leads as (
    select * from {{ source('raw', 'amocrm__leads') }}
),

custom_fields as (
    select * from {{ ref('stg_amocrm__custom_fields') }}
    where entity_type = 'leads'
),

utm_fields as (
    select * from {{ ref('amocrm_utm_fields') }}
),

field_values as (
    select
        leads.id as deal_id,
        {{ try_bigint(json_text('fields.item', 'field_id')) }} as field_id,
        lower({{ json_text('fields.item', 'field_code') }}) as field_code,
        lower({{ json_text('fields.item', 'field_name') }}) as field_name,
        {{ json_text('field_values.item', 'value') }} as field_value,
        fields.place as field_place,
        field_values.place as value_place
    from leads
    cross join lateral
        {{ json_elements(json_at('leads.payload', 'custom_fields_values')) }}
            as fields (item, place)
    cross join lateral
        {{ json_elements(json_at('fields.item', 'values')) }}
            as field_values (item, place)
),

-- A twin means what its name in the dictionary says, else nothing.
named as (
    select
        field_values.deal_id,
        field_values.field_value,
        field_values.field_place,
        field_values.value_place,
        field_values.field_code as by_code,
        case when not utm_fields.is_twin then utm_fields.parameter end as by_id,
        case
            when utm_fields.is_twin then lower(custom_fields.field_name)
            else field_values.field_name
        end as by_name
    from field_values
    left join utm_fields on field_values.field_id = utm_fields.field_id
    left join custom_fields on field_values.field_id = custom_fields.field_id
    where field_values.field_value is not null
),

parameters as (
    select distinct parameter
    from utm_fields
    where parameter is not null
),

ranked as (
    select
        named.deal_id,
        parameters.parameter,
        named.field_value,
        row_number() over (
            partition by named.deal_id, parameters.parameter
            order by
                case
                    when named.by_code = parameters.parameter then 1
                    when named.by_id = parameters.parameter then 2
                    else 3
                end,
                named.field_place,
                named.value_place
        ) as choice
    from named
    inner join parameters
        on parameters.parameter in (named.by_code, named.by_id, named.by_name)
),

pivoted as (
    select
        deal_id,
        max(case when parameter = 'utm_source' then field_value end) as utm_source,
        max(case when parameter = 'utm_medium' then field_value end) as utm_medium,
        max(case when parameter = 'utm_campaign' then field_value end) as utm_campaign,
        max(case when parameter = 'utm_content' then field_value end) as utm_content,
        max(case when parameter = 'utm_term' then field_value end) as utm_term,
        max(case when parameter = 'utm_referrer' then field_value end) as utm_referrer,
        max(case when parameter = 'fbclid' then field_value end) as fbclid
    from ranked
    where choice = 1
    group by deal_id
)

select * from pivoted
