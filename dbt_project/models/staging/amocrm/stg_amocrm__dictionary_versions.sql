-- Keys are ids joined by colons: pipeline:status, entity:field, entity:field:enum.
with dictionary_versions as (
    select *
    from {{ source('raw', 'amocrm__dictionary_versions') }}
    where _deleted_at is null
),

flattened as (
    select
        kind,
        item_key,
        valid_from,
        valid_until,
        content_hash,
        case
            when kind in ('pipeline', 'status')
                then {{ try_bigint("split_part(item_key, ':', 1)") }}
        end as pipeline_id,
        case
            when kind = 'status' then {{ try_bigint("split_part(item_key, ':', 2)") }}
        end as status_id,
        case
            when kind in ('field', 'enum') then split_part(item_key, ':', 1)
        end as entity_type,
        case
            when kind in ('field', 'enum')
                then {{ try_bigint("split_part(item_key, ':', 2)") }}
        end as field_id,
        coalesce(
            {{ json_text('payload', 'name') }}, {{ json_text('payload', 'value') }}
        ) as item_name,
        {{ json_text('payload', 'code') }} as item_code,
        {{ json_text('payload', 'type') }} as item_type,
        {{ whole_number(json_text('payload', 'sort')) }} as sort,
        coalesce(
            {{ try_boolean(json_text('payload', 'is_archive')) }}, false
        ) as is_archive
    from dictionary_versions
)

select * from flattened
