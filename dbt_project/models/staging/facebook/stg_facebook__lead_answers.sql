with leads as (
    select *
    from {{ source('raw', 'facebook__leads') }}
    where _deleted_at is null
),

answers as (
    select
        cast(leads.lead_id as text) as lead_id,
        fields.place as question_place,
        answer_values.place as answer_place,
        lower({{ json_text('fields.item', 'name') }}) as question,
        {{ json_scalar('answer_values.item') }} as answer
    from leads
    cross join lateral
        {{ json_elements(json_at('leads.payload', 'field_data')) }}
        as fields (item, place)
    cross join lateral
        {{ json_elements(json_at('fields.item', 'values')) }}
        as answer_values (item, place)
)

select * from answers
