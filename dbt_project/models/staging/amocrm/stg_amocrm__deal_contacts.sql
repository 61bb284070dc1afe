with leads as (
    select * from {{ source('raw', 'amocrm__leads') }}
),

listed as (
    select
        leads.id as deal_id,
        {{ try_bigint(json_text('contacts.item', 'id')) }} as contact_id,
        coalesce(
            {{ try_boolean(json_text('contacts.item', 'is_main')) }}, false
        ) as is_marked,
        contacts.place
    from leads
    cross join lateral
        {{ json_elements(json_at('leads.payload', ['_embedded', 'contacts'])) }}
            as contacts (item, place)
),

linked as (
    select
        deal_id,
        contact_id,
        {{ any_of('is_marked') }} as is_marked,
        min(place) as place
    from listed
    where contact_id is not null
    group by deal_id, contact_id
),

ranked as (
    select
        deal_id,
        contact_id,
        row_number() over (
            partition by deal_id
            order by case when is_marked then 0 else 1 end, place
        ) = 1 as is_main
    from linked
)

select * from ranked
