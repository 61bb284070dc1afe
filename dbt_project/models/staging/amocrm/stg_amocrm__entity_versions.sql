with entity_versions as (
    select *
    from {{ source('raw', 'amocrm__entity_versions') }}
    where _deleted_at is null
),

read as (
    select
        entity_type,
        entity_id,
        version,
        seen_at,
        as_of,
        seen_via,
        updated_at,
        payload_hash
    from entity_versions
)

select * from read
