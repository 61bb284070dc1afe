{%- set utm_parameters = [
    'utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'
] -%}
{%- set kinds = [('tracked', 'not is_by_hand'), ('by_hand', 'is_by_hand')] -%}

with leads as (
    select * from {{ source('raw', 'amocrm__leads') }}
),

custom_fields as (
    select * from {{ ref('stg_amocrm__custom_fields') }}
    where entity_type = 'leads' and not is_deleted
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

filled as (
    select * from field_values
    where field_value is not null
),

parameters as (
    select distinct parameter
    from utm_fields
    where parameter is not null
),

-- A twin means what its name in the dictionary says, else nothing.
named as (
    select
        filled.*,
        case when not utm_fields.is_twin then utm_fields.parameter end as by_id,
        case
            when utm_fields.is_twin then lower(custom_fields.field_name)
            else filled.field_name
        end as by_name
    from filled
    left join utm_fields on filled.field_id = utm_fields.field_id
    left join custom_fields on filled.field_id = custom_fields.field_id
),

-- The system's own fields have a code or a known id; a name alone is a field by hand.
meant as (
    select
        named.deal_id,
        named.field_value,
        named.field_place,
        named.value_place,
        parameters.parameter,
        1 as field_rank
    from named
    inner join parameters on named.field_code = parameters.parameter
    union all
    select
        deal_id,
        field_value,
        field_place,
        value_place,
        by_id as parameter,
        2 as field_rank
    from named
    where by_id is not null and by_id <> coalesce(field_code, '')
    union all
    select
        named.deal_id,
        named.field_value,
        named.field_place,
        named.value_place,
        parameters.parameter,
        3 as field_rank
    from named
    inner join parameters on named.by_name = parameters.parameter
    where
        parameters.parameter <> coalesce(named.field_code, '')
        and parameters.parameter <> coalesce(named.by_id, '')
),

ranked as (
    select
        deal_id,
        parameter,
        field_value,
        field_rank = 3 as is_by_hand,
        row_number() over (
            partition by deal_id, parameter
            order by field_rank, field_place, value_place
        ) as choice,
        row_number() over (
            partition by deal_id, parameter, field_rank = 3
            order by field_rank, field_place, value_place
        ) as choice_of_kind
    from meant
),

pivoted as (
    select
        deal_id,
        {%- for parameter in utm_parameters + ['utm_referrer', 'fbclid'] %}
        max(case when parameter = '{{ parameter }}' and choice = 1 then field_value end)
            as {{ parameter }},
        {%- endfor %}
        {%- for parameter in utm_parameters %}
        {%- for kind, condition in kinds %}
        max(
            case
                when
                    parameter = '{{ parameter }}'
                    and {{ condition }}
                    and choice_of_kind = 1
                    then field_value
            end
        ) as {{ parameter }}_{{ kind }}{{ "," if kind == 'tracked' }}
        {%- endfor %}
        {{- "," if not loop.last }}
        {%- endfor %}
    from ranked
    where choice = 1 or choice_of_kind = 1
    group by deal_id
)

select * from pivoted
