with entity_versions as (
    select *
    from {{ source('raw', 'amocrm__entity_versions') }}
    where _deleted_at is null and entity_type = 'leads'
),

flattened as (
    select
        entity_id as deal_id,
        version,
        as_of as known_at,
        seen_at,
        seen_via,
        updated_at,
        {{ try_bigint(json_text('payload', 'updated_by')) }} as updated_by,
        coalesce(
            {{ money(json_text('payload', 'price_with_minor_units')) }},
            {{ money(json_text('payload', 'price')) }}
        ) as price,
        {{ try_bigint(json_text('payload', 'status_id')) }} as status_id,
        {{ try_bigint(json_text('payload', 'pipeline_id')) }} as pipeline_id,
        {{ try_bigint(json_text('payload', 'responsible_user_id')) }}
            as responsible_user_id,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as created_at,
        {{ epoch_utc(json_text('payload', 'closed_at')) }} as closed_at,
        {{ json_at('payload', 'custom_fields_values') }} as custom_fields
    from entity_versions
)

select * from flattened
